package ui

import (
	"fmt"
	"log/slog"
	"maps"
	"net/http"
	"net/http/httptest"
	"slices"
	"time"

	"github.com/latchkey-id/latchkey/access"
	"github.com/latchkey-id/latchkey/account/attribute"
	"github.com/latchkey-id/latchkey/client"
	"github.com/latchkey-id/latchkey/internal/web"
	"github.com/latchkey-id/latchkey/keys"
	"github.com/latchkey-id/latchkey/storage"
)

// sample is a screen with data as a person may see it, and the ids that it must
// have: those of the contract above all.
type sample struct {
	name   string
	screen Screen
	ids    []string
}

func newRenderer(brand Brand) (*Renderer, error) {
	hasher, err := keys.NewHasher([]keys.SecretKey{{ID: "test", Key: make([]byte, 32)}})
	if err != nil {
		return nil, err
	}
	return New(Config{Brand: brand, Hasher: hasher, Cookies: web.Cookies{}, Log: slog.New(slog.DiscardHandler), Catalog: sampleCatalog()})
}

// sampleCatalog has two resource servers, one of which has a name and learns something.
func sampleCatalog() *access.Catalog {
	catalog, problems := access.New(access.Config{
		Claims: []access.Claim{{Name: "department", Attribute: "department"}},
		Scopes: []access.Scope{
			{Name: "tasks.read", Resource: "https://tasks.example.com/api", Description: map[string]string{"de": "Ihre Aufgaben lesen"}},
			{Name: "tasks.write", Resource: "https://tasks.example.com/api", Description: map[string]string{"en": "change your tasks"}},
		},
		Resources: []access.Resource{
			{Identifier: "https://tasks.example.com/api", Name: "Example Tasks", Claims: []string{access.ScopeGroups, "department"}},
			{Identifier: "https://files.example.com"},
		},
	})
	if len(problems) > 0 {
		panic(problems[0])
	}
	return catalog
}

// begin starts a page as a handler does.
func begin(u *Renderer, lang, title string, client *client.Client) (Page, *httptest.ResponseRecorder) {
	w, r := httptest.NewRecorder(), httptest.NewRequest("GET", "/", nil)
	return u.Begin(w, r, Options{Title: title, Action: "/here", Client: client, Locales: []string{lang}}), w
}

const (
	firefox = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"
	safari  = "Mozilla/5.0 (iPhone; CPU iPhone OS 18_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.5 Mobile/15E148 Safari/604.1"
)

func sampleClient() *client.Client {
	return &client.Client{
		ID: "wiki", Metadata: client.Metadata{
			Name: "Wiki of the Example Society", LogoURI: "/assets/sample.svg", PolicyURI: "https://wiki.example.com/privacy",
			TOSURI: "https://wiki.example.com/terms", ClientURI: "https://wiki.example.com", AccentColor: "#0f766e",
			GrantTypes:  []string{client.GrantAuthorizationCode},
			Description: map[string]string{"en": "What we know and where it is written", "de": "Was wir wissen, und wo es steht"},
		},
	}
}

// manyClients are more than a page shows at once.
func manyClients(first *client.Client) []*client.Client {
	all := []*client.Client{first}
	for i, name := range []string{"Holidays", "Payroll", "Übersetzungen", "Zoo"} {
		c := *first
		c.ID, c.Name, c.LogoURI, c.Description = fmt.Sprintf("app%d", i), name, "", nil
		all = append(all, &c)
	}
	for i := range 130 {
		c := *first
		c.ID, c.Name = fmt.Sprintf("more%d", i), fmt.Sprintf("Project %d", i)
		all = append(all, &c)
	}
	return all
}

// samples returns every screen, some in several states.
func samples(u *Renderer, lang string) []sample {
	client := sampleClient()
	page := func(title string) Page { p, _ := begin(u, lang, title, nil); return p }
	forClient := func(title string) Page { p, _ := begin(u, lang, title, client); return p }
	knowing := func(p Page) Page {
		p.Identity = &Identity{Person: "ada@example.com", Switch: "/login/switch"}
		return p
	}
	failed := func(p Page, field, key string, args ...any) Page { p.Fail(field, key, args...); return p }
	said := func(p Page, kind NoticeKind, key string, args ...any) Page { p.Say(kind, key, args...); return p }
	carrying := func(p Page) Page { p.Carry("token", "sample"); return p }
	now := time.Date(2026, 11, 25, 18, 34, 0, 0, time.UTC)
	options := `{"publicKey":{"challenge":"AAAA","rpId":"id.example.com","user":{"id":"AAAA","name":"ada","displayName":"Ada"}}}`
	ceremony := &Ceremony{Action: "/login/passkey", Options: options}
	resend := &Resend{Action: "/resend", After: 42}
	factors := []FactorLink{
		{storage.FactorPasskey, "/factor?kind=passkey"}, {storage.FactorTOTP, "/factor?kind=totp"}, {storage.FactorEmail, "/factor?kind=email"},
		{storage.FactorSMS, "/factor?kind=sms"}, {storage.FactorRecovery, "/factor?kind=recovery"},
	}
	launched := manyClients(client)
	account := func(title string) Account { return Account{Page: page(title), Person: "Ada Lovelace"} }
	asking := func(title string) Account { a := account(title); a.AskPassword = true; return a }
	saying := func(title string, kind NoticeKind, key string) Account {
		a := account(title)
		a.Page = said(a.Page, kind, key)
		return a
	}
	planned := account("overview.title")
	planned.DeleteAt = now.AddDate(0, 0, 14)

	later := web.ErrorPage{Status: http.StatusTooManyRequests, Key: "too_many", RetryAfter: 4 * time.Minute, Again: true, ID: "9306ee609144058c1fc8992d"}
	refused := func(p Page) Page { p.Refused, p.Trace = p.refused(later), later.ID; return p }

	flow := []sample{
		{"signin-refused", SignIn{Page: refused(forClient("signin.title")), Username: "ada@example.com", Cancel: true, Forgot: "/forgot-password"},
			[]string{"refused", "error-title", "error-detail", "error-id", "login-submit"}},
		{"signin", SignIn{Page: page("signin.title"), SignUp: "/signup", Forgot: "/forgot-password", Passkey: ceremony},
			[]string{"username", "password", "remember", "login-submit", "passkey-submit", "signup-link", "forgot-link", "language"}},
		{"signin-client", SignIn{Page: failed(forClient("signin.title"), "password", "signin.wrong"), Username: "ada@example.com", Cancel: true, Remember: true, Forgot: "/forgot-password"},
			[]string{"username", "password", "password-error", "login-submit", "login-cancel"}},
		{"signup", SignUp{Page: forClient("signup.title"), AskName: true, AskUsername: true, MinLength: 15, SignIn: "/login"},
			[]string{"email", "username", "password", "name", "signup-submit"}},
		{"signup-invited", SignUp{Page: failed(page("signup.title"), "password", "wrong.password_common"), Email: "ada@example.com", Invited: true, MinLength: 8},
			[]string{"email", "password", "password-error", "signup-submit"}},
		{"confirmemail", ConfirmEmail{Page: failed(forClient("confirm.title"), "code", "wrong.code"), Email: "ada@example.com", Resend: resend},
			[]string{"code", "code-error", "verify-submit", "verify-resend"}},
		{"checkmail", CheckMail{Page: page("checkmail.title"), Email: "ada@example.com", SignIn: "/login"}, nil},
		{"checkmail-anybody", CheckMail{Page: page("checkmail.title")}, nil},
		{"forgot", ForgotPassword{Page: failed(page("forgot.title"), "email", "wrong.email"), Email: "ada", SignIn: "/login"}, []string{"email", "email-error", "forgot-submit"}},
		{"reset", ResetPassword{Page: carrying(page("reset.title")), Username: "ada@example.com", MinLength: 15}, []string{"new_password", "reset-submit"}},
		{"reset-recent", ResetPassword{Page: carrying(page("reset.title")), Username: "ada@example.com", MinLength: 15, RecentCodes: true, RecentPhone: "…67", Removed: []string{"c2"},
			Recent: []storage.Credential{{ID: "c1", Kind: storage.FactorPasskey, Name: "Laptop", CreatedAt: now}, {ID: "c2", Kind: storage.FactorTOTP, CreatedAt: now}}},
			[]string{"new_password", "remove-c1", "remove-c2", "remove-recovery", "remove-phone", "recent-lead", "reset-submit"}},
		{"factor-totp", Factor{Page: knowing(forClient("factor.title")), Kind: storage.FactorTOTP, Digits: 6, TrustDays: 30, Others: factors[:1], Cancel: true},
			[]string{"code", "trust_device", "factor-submit", "not-you", "login-cancel"}},
		{"factor-email", Factor{Page: said(page("factor.title"), NoticeDone, "notice.sent"), Kind: storage.FactorEmail, Hint: "a•••@example.com", Digits: 6, Resend: resend, Others: factors},
			[]string{"code", "factor-submit", "factor-resend"}},
		{"factor-sms", Factor{Page: said(page("factor.title"), NoticeFailure, "wrong.passkey"), Kind: storage.FactorSMS, Hint: "…42", Digits: 6, Resend: &Resend{Action: "/resend"}}, []string{"code", "factor-submit"}},
		{"factor-recovery", Factor{Page: page("factor.title"), Kind: storage.FactorRecovery, Others: factors[:2]}, []string{"code", "factor-submit"}},
		{"factor-passkey", Factor{Page: failed(page("factor.title"), "code", "wrong.passkey"), Kind: storage.FactorPasskey, Passkey: ceremony, Others: factors[1:]}, []string{"code-error", "factor-submit"}},
		{"device", Device{Page: failed(page("device.title"), "user_code", "wrong.user_code"), Code: "WDJB-MJHT"}, []string{"user_code", "user_code-error", "device-submit"}},
		{"device-phone", Device{Page: page("device.title"), Code: "WDJB-MJHT", Address: "https://id.example.com/device?user_code=WDJB-MJHT"},
			[]string{"user_code", "device-submit", "device-phone"}},
		{"deviceconfirm", DeviceConfirm{Page: knowing(forClient("device.confirm.title")), Scopes: []string{"openid", "email"}, Code: "WDJB-MJHT",
			UserAgent: firefox, Address: "2001:db8::7", SameNetwork: true, At: now, Ago: 40 * time.Second},
			[]string{"device-code", "device-program", "device-time", "device-place", "same-network", "consent-allow", "consent-deny", "not-you"}},
		{"deviceconfirm-elsewhere", DeviceConfirm{Page: forClient("device.confirm.title"), Scopes: []string{"profile"}, Code: "WDJB-MJHT",
			UserAgent: "tool/1.0", Address: "198.51.100.7", At: now, Ago: 9 * time.Minute},
			[]string{"other-network", "consent-allow", "consent-deny"}},
		{"enrollchoice", EnrollChoice{Page: knowing(forClient("enroll.title")), Kinds: factors[:2], Until: now.AddDate(0, 0, 7)}, []string{"enroll-later"}},
		{"enrolltotp", EnrollTOTP{Page: knowing(forClient("totp.title")), Secret: "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP",
			URI: "otpauth://totp/Latchkey:ada@example.com?secret=JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP&issuer=Latchkey", Back: "/account/security"},
			[]string{"totp-secret", "totp-uri", "code", "enroll-submit"}},
		{"enrollpasskey", EnrollPasskey{Page: failed(page("passkey.title"), "credential", "wrong.passkey"), Name: "Firefox", Passkey: *ceremony, Back: "/account/security"}, []string{"name", "credential-error", "enroll-submit"}},
		{"recoverycodes", RecoveryCodes{Page: knowing(page("recovery.title")), Account: "ada@example.com", Codes: []string{
			"Q7HR2-KXM9W", "B3NV8-PZC4J", "M5YS6-GDA1R", "X2WT7-BHN3C", "K9FJ4-EMZ8S",
			"T6RC1-VYQ5N", "D8PB3-XWK7M", "H4ZS9-AFR2T", "V1GQ5-DYP6K", "W3ME8-JHT4R"}},
			[]string{"recovery-download", "saved", "recovery-continue"}},
		{"consent", Consent{Page: knowing(forClient("consent.title")), Person: "Ada Lovelace", Scopes: []string{"openid", "profile", "email", "offline_access"}}, []string{"consent-allow", "consent-deny"}},
		{"consent-resources", Consent{
			Page: knowing(forClient("consent.title")), Person: "Ada Lovelace",
			Scopes: []string{"openid", "offline_access", "tasks.read", "tasks.write", "resource:https://files.example.com", "resource:https://gone.example.com/x"},
		}, []string{"consent-allow", "consent-deny"}},
		{"accessdenied", AccessDenied{Page: forClient("denied.title"), Person: "Ada Lovelace", Another: "/access-denied?another=1", Leave: "/authorize/resume"}, []string{"access-denied", "use-another-account", "continue"}},
		{"accessdenied-elsewhere", AccessDenied{Page: forClient("denied.title"), Person: "Ada Lovelace", Contact: "it@example.com", Elsewhere: true, Again: "/access-denied", Another: "/access-denied?another=1", Leave: "/authorize/resume"}, []string{"access-denied", "elsewhere", "contact", "again", "use-another-account", "continue"}},
		{"signout", SignOut{Page: carrying(page("signout.title")), Person: "Ada Lovelace", Back: "/account"}, []string{"logout-confirm", "logout-cancel"}},
		{"signedout", SignedOut{Page: page("signedout.title")}, []string{"signed-out", "continue"}},
		{"signedout-told", SignedOut{Page: forClient("signedout.title"), Told: []string{"Wiki", "Board"}, NotTold: []string{"Chat"}, Next: "https://wiki.example.com/"}, []string{"signed-out", "told", "not-told", "continue"}},
		{"signedout-outcome", SignedOut{Page: page("signedout.title"), Reached: []string{"Wiki", "Board"}, NotReached: []string{"Payslips"}, NotTold: []string{"Chat"}, Again: "/logout/done?id=x"}, []string{"signed-out", "reached", "not-reached", "not-told", "again", "continue"}},
		{"error", ErrorPage{Page: page("error.title"), Error: Refused{ErrorPage: web.ErrorPage{Status: 500, Title: page("").T("error.internal.title"), Detail: page("").T("error.internal.detail"), ID: "9306ee609144058c1fc8992d"}}},
			[]string{"error-title", "error-detail", "error-id", "continue"}},
		{"error-later", ErrorPage{Page: page("error.too_many.title"), Error: *refused(page("")).Refused, Again: "/login"}, []string{"error-title", "error-detail", "error-id", "continue"}},
		{"message", Message{Page: page("message.reset_done.title"), Text: page("").T("message.reset_done.text"), NextURL: "/login", NextLabel: page("").T("message.next_signin")}, []string{"message", "continue"}},
		{"confirm", Confirm{Page: carrying(page("confirm.undo.title")), Text: page("").T("confirm.undo.text", "Email", "ada@example.com", "What", page("").T("confirm.not_me.text")), Submit: page("").T("confirm.undo.submit"), ButtonID: "undo-submit", Danger: true, Back: "/account"}, []string{"undo-submit", "confirm-cancel"}},
		{"confirm-elsewhere", Confirm{Page: carrying(page("confirm.sign_up.title")), Text: page("").T("confirm.sign_up.elsewhere"), Submit: page("").T("confirm.sign_up.submit"), ButtonID: "verify-submit", AskPassword: true, MinLength: 15}, []string{"password", "new_password", "verify-submit"}},
		{"deletionplanned", DeletionPlanned{Page: page("deletion.planned_title"), At: now.AddDate(0, 0, 14), Leave: "/logout"}, []string{"deletion-cancel"}},
	}

	credentials := []storage.Credential{
		{ID: "c1", Kind: storage.FactorPasskey, Name: "Laptop", CreatedAt: now.AddDate(0, -3, 0), LastUsedAt: now},
		{ID: "c2", Kind: storage.FactorTOTP, CreatedAt: now.AddDate(0, -1, 0)},
	}
	devices := []storage.TrustedDevice{
		{ID: "d1", UserAgent: firefox, Address: "192.0.2.0/24", ExpiresAt: now.AddDate(0, 1, 0), LastUsedAt: now},
		{ID: "d2", UserAgent: safari, ExpiresAt: now.AddDate(0, 0, 3)},
	}
	sessions := []storage.AccountSession{
		{SID: "s1", UserAgent: firefox, Address: "192.0.2.0/24", CreatedAt: now.AddDate(0, 0, -2), LastSeenAt: now},
		{SID: "s2", UserAgent: safari, Address: "2001:db8:7::/48", CreatedAt: now.AddDate(0, 0, -6), LastSeenAt: now.Add(-time.Hour)},
		{SID: "s3", CreatedAt: now.AddDate(0, 0, -6), LastSeenAt: now.Add(-3 * time.Hour)},
	}
	applications := []Application{
		{storage.AccountApplication{ClientID: "wiki", Scopes: []string{"openid", "profile", "email"}, GrantedAt: now.AddDate(0, -2, 0), UsedAt: now}, client},
		{storage.AccountApplication{ClientID: "gone", Scopes: []string{"openid", "tasks.read"}, GrantedAt: now.AddDate(-1, 0, 0)}, nil},
	}
	var events []Activity
	for i, kind := range shownEvents {
		e := Activity{Event: storage.Event{At: now.Add(-time.Duration(i) * time.Hour), Type: kind, Address: "192.0.2.0/24", UserAgent: firefox, Outcome: storage.Success}}
		if kind == storage.EventGrantIssued {
			e.ClientName = client.Name
		}
		if kind == storage.EventSignInFailed {
			e.Outcome = storage.Failure
		}
		events = append(events, e)
	}
	user := storage.User{Email: "ada@example.com", EmailVerified: true, Username: "ada", Phone: "+493012345678", PasswordChangedAt: now.AddDate(0, -8, 0)}
	profile := map[string]string{
		"username": "ada", "name": "Ada Lovelace", "given_name": "Ada", "middle_name": "Augusta", "family_name": "Lovelace", "nickname": "Countess",
		"birthdate": "1815-12-10", "gender": "female", "website": "https://ada.example.com", "profile": "", "picture": "", "locale": "en-GB",
		"zoneinfo": "Europe/London", "street_address": "12 St James’s Square", "locality": "London", "postal_code": "SW1Y 4JH", "region": "",
		"country": "United Kingdom",
	}
	badProfile := account("account.profile")
	badProfile.Fail("website", "wrong.url")
	badPhone := asking("phone.title")
	badPhone.Fail("phone", "wrong.phone")
	carryingAccount := account("account.overview")
	carryingAccount.Page = carrying(carryingAccount.Page)
	carryingAccount.Title = page("").T("ask.application.title", "Client", client.Name)
	badDelete := asking("delete.title")
	badDelete.Fail("confirm", "wrong.confirm")

	attributes := []Attribute{
		{Definition: attribute.Definition{Name: "nickel", Type: attribute.String, Labels: map[string]string{"en": "Badge", "de": "Ausweis"}, Help: map[string]string{"en": "It is on the back."}}, Field: "attribute_nickel", Text: "N-12"},
		{Definition: attribute.Definition{Name: "sites", Type: attribute.List, Options: []string{"Oslo", "Bonn"}}, Field: "attribute_sites", Text: "Oslo"},
		{Definition: attribute.Definition{Name: "staff", Type: attribute.Boolean}, Field: "attribute_staff", Text: "true"},
	}
	facts := []Attribute{{Definition: attribute.Definition{Name: "department", Type: attribute.String, Labels: map[string]string{"en": "Department"}}, Field: "attribute_department", Text: "People"}}
	return append(flow, []sample{
		{"account-overview", AccountOverview{Account: planned, User: user, Factors: 2, Sessions: 3, Applications: 2, Recovery: storage.RecoveryCodes{Total: 10, Remaining: 8}}, []string{"deletion-cancel", "signout-link", "main"}},
		{"account-profile", AccountProfile{Account: badProfile, Fields: slices.Collect(maps.Keys(profile)), Values: profile, Email: user.Email, AskPhone: true, Attributes: attributes, Facts: facts}, []string{"attribute_nickel", "attribute_sites", "attribute_staff", "attribute_department", "name", "given_name", "website-error", "street_address", "profile-submit"}},
		{"account-profile-short", AccountProfile{Account: account("account.profile"), Fields: []string{"name", "zoneinfo"}, Email: user.Email}, []string{"name", "zoneinfo", "profile-submit"}},
		{"account-profile-none", AccountProfile{Account: account("account.profile"), Email: user.Email}, nil},
		{"account-email", AccountEmail{Account: asking("email.title"), Current: user.Email, Pending: "countess@example.com", Resend: resend}, []string{"email", "password", "email-submit", "verify-resend"}},
		{"account-phone", AccountPhone{Account: badPhone, Current: user.Phone, Typed: "030 123"}, []string{"phone", "phone-error", "phone-submit", "phone-remove"}},
		{"account-phonecode", AccountPhoneCode{Account: account("phone.code_title"), Phone: user.Phone, Resend: resend}, []string{"code", "phone-verify-submit", "phone-resend"}},
		{"account-password", AccountPassword{Account: asking("password.title"), Username: user.Email, MinLength: 15, ChangedAt: user.PasswordChangedAt}, []string{"current_password", "new_password", "password-submit"}},
		{"account-security", AccountSecurity{Account: saying("account.security", NoticeDone, "notice.factor_removed"), HasPassword: true, PasswordChangedAt: user.PasswordChangedAt, Credentials: credentials,
			Add: []FactorLink{{storage.FactorPasskey, "/account/security/passkey"}, {storage.FactorTOTP, "/account/security/totp"}}, Recovery: storage.RecoveryCodes{Total: 10, Remaining: 8}, RecoveryCounts: true, Devices: devices},
			[]string{"factor-remove-c1", "factor-rename-c1", "name-c1", "recovery-replace", "recovery-left", "device-forget-d1", "device-forget-all", "factor-add-totp"}},
		{"account-security-empty", AccountSecurity{Account: account("account.security"), HasPassword: true, Required: true, RecoveryCounts: true, Add: []FactorLink{{storage.FactorTOTP, "/account/security/totp"}}}, []string{"recovery-replace"}},
		{"account-sessions", AccountSessions{Account: account("account.sessions"), Sessions: sessions, Current: "s1"}, []string{"session-end-s2", "sessions-end-all"}},
		{"account-applications", AccountApplications{Account: account("account.applications"), Applications: applications}, []string{"application-revoke-wiki"}},
		{"account-launcher", AccountApplications{
			Account: account("account.applications"), Launcher: page("").Launch(launched[:5], "https://id.example.com", ""), Applications: applications,
		}, []string{"application-open-wiki", "application-revoke-wiki"}},
		{"account-launcher-many", AccountApplications{
			Account: account("account.applications"), Launcher: page("").Launch(launched, "https://id.example.com", ""), Applications: applications,
		}, []string{"application-open-more5", "q", "application-search"}},
		{"account-launcher-nothing", AccountApplications{
			Account: account("account.applications"), Launcher: page("").Launch(launched, "https://id.example.com", "no such application"),
		}, []string{"q", "application-search"}},
		{"account-applications-none", AccountApplications{Account: account("account.applications")}, nil},
		{"account-activity", AccountActivity{Account: account("account.activity"), Events: events}, nil},
		{"account-activity-none", AccountActivity{Account: account("account.activity")}, nil},
		{"account-data", AccountData{Account: account("account.data")}, []string{"export-submit", "delete-link"}},
		{"account-delete", AccountDelete{Account: badDelete, GraceDays: 14, Name: "ada@example.com", Typed: "ada"}, []string{"confirm", "confirm-error", "password", "delete-submit", "confirm-back"}},
		{"account-delete-now", AccountDelete{Account: account("delete.title"), Name: "ada"}, []string{"confirm", "delete-submit"}},
		{"account-confirm", AccountConfirm{Account: carryingAccount, Text: page("").T("ask.application.text", "Client", client.Name), Submit: page("").T("applications.revoke"), Back: PathApplications}, []string{"confirm-submit", "confirm-back"}},
	}...)
}

// shownEvents are what can be on a person's activity page.
var shownEvents = []storage.EventType{
	storage.EventSignIn, storage.EventSignOut, storage.EventGrantIssued, storage.EventGrantRevoked, storage.EventRefreshReuse,
	storage.EventCodeReplay, storage.EventConsentGranted, storage.EventUserCreated, storage.EventAccessTokenRevoked, storage.EventSignInFailed,
	storage.EventThrottled, storage.EventEmailVerified, storage.EventResetRequested, storage.EventPasswordChanged,
	storage.EventPasswordUpgraded, storage.EventEmailChangeAsked, storage.EventEmailChanged, storage.EventEmailChangeUndone,
	storage.EventPhoneChanged, storage.EventProfileChanged, storage.EventSessionEnded, storage.EventSessionsEnded,
	storage.EventApplicationRevoked, storage.EventDataExported, storage.EventDeletionPlanned, storage.EventDeletionCancelled,
	storage.EventUserDisabled, storage.EventUserEnabled, storage.EventLockedDown, storage.EventLockdownLifted, storage.EventUserImported, storage.EventUserAdopted, storage.EventMessageFailed,
	storage.EventFactorPassed, storage.EventFactorFailed, storage.EventFactorLocked, storage.EventFactorUnlocked, storage.EventFactorAdded,
	storage.EventFactorRenamed, storage.EventFactorRemoved, storage.EventFactorsReset, storage.EventRecoveryReplaced,
	storage.EventRecoveryUsed, storage.EventPasskeyCloned, storage.EventDeviceTrusted, storage.EventDeviceTrustUsed,
	storage.EventDeviceForgotten, storage.EventAttemptRefused,
}
