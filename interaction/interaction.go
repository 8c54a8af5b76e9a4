package interaction

import (
	"time"

	"github.com/latchkey-id/latchkey/storage"
	"github.com/latchkey-id/latchkey/storage/ephemeral"
)

// Purpose says what an interaction is for.
type Purpose string

// The purposes.
const (
	// Authorize is an authorization request of a client.
	Authorize Purpose = "authorize"
	// AccountPage is a page of the account or of the console that wants somebody signed in.
	AccountPage Purpose = "account"
	// ApproveDevice is a request of a client on a device that has no browser (RFC 8628).
	ApproveDevice Purpose = "device"
)

// Interaction is something that waits for a person.
type Interaction struct {
	// ID is in the address of each page of the flow; one per tab.
	ID      string  `json:"-"`
	Purpose Purpose `json:"purpose"`
	// Request is what a client asks for; nil where the purpose is [AccountPage].
	Request *AuthorizationRequest `json:"request,omitempty"`
	// Device is where the client asks; nil unless the purpose is [ApproveDevice].
	Device *Device `json:"device,omitempty"`
	// Page is what a page of the account asks for; nil unless the purpose is
	// [AccountPage].
	Page *PageRequest `json:"page,omitempty"`
	// Browser is the keyed hash of the browser cookie's secret.
	Browser   string    `json:"browser"`
	CreatedAt time.Time `json:"created_at"`
	Answers   Answers   `json:"answers,omitzero"`
	// SignUp is what was typed on the sign-up page, sealed, until the address is
	// confirmed.
	SignUp string `json:"sign_up,omitempty"`
	// PasswordSet says that a new password was set on the way, which is to be
	// signed in with.
	PasswordSet bool `json:"password_set,omitempty"`
	// Another says that another account is wanted than the one that the person came
	// with; nil: none is.
	Another *Another `json:"another,omitempty"`
	// Refusal ends the interaction with an error for the client; nil is none.
	Refusal *Refusal `json:"refusal,omitempty"`

	version ephemeral.Version
}

// PageRequest is what a page of the account or of the console asks of the sign-in flow.
type PageRequest struct {
	// ReturnTo is the path where the browser goes when nothing is missing.
	ReturnTo string `json:"return_to"`
	// Fresh wants every proof to be no older; zero takes those of the session.
	Fresh time.Duration `json:"fresh,omitempty"`
	// ACR is the authentication context class that must be reached, whatever policy and
	// the person's own factors ask for; empty asks for none.
	ACR string `json:"acr,omitempty"`
	// Enroll wants a factor of the kind to be added; empty wants none.
	Enroll storage.FactorKind `json:"enroll,omitempty"`
	// Verify wants the person's email address to be confirmed.
	Verify bool `json:"verify,omitempty"`
	// Locales are the languages that the person chose.
	Locales []string `json:"locales,omitempty"`
}

// Answers are what one person answered, and what waits to be shown to them. They
// are replaced as one value when somebody else answers.
type Answers struct {
	By storage.ID `json:"by"`
	// Consented holds the scopes that the person allowed on the consent page
	// of this interaction, at ConsentedAt.
	Consented   []string  `json:"consented,omitempty"`
	ConsentedAt time.Time `json:"consented_at,omitzero"`
	// EnrollSkipped says that the person put enrollment off, within its grace.
	EnrollSkipped bool `json:"enroll_skipped,omitempty"`
	// Enrolled says that the person added the factor that the page asked for.
	Enrolled bool `json:"enrolled,omitempty"`
	// DeletionSeen says that the person knows that their account will be deleted.
	DeletionSeen bool `json:"deletion_seen,omitempty"`
	// RecoveryCodes are new recovery codes, sealed, that the person has not yet
	// said to have kept.
	RecoveryCodes string `json:"recovery_codes,omitempty"`
	// AccessRefused names what refused the person, as the event does that was written.
	AccessRefused string `json:"access_refused,omitempty"`
	// VerificationSent says that the code that the verify step asks for was sent.
	VerificationSent bool `json:"verification_sent,omitempty"`
}

// Another is the wish to use another account than somebody's, from a moment on.
type Another struct {
	Than storage.ID `json:"than"`
	At   time.Time  `json:"at"`
}

// Refusal is an OAuth error that ends an interaction.
type Refusal struct {
	// Code is the error's code, Reason its description, safe to send to a client.
	Code   string `json:"code"`
	Reason string `json:"reason"`
}

// ForRequest makes an interaction of a client's request, unstored.
func ForRequest(request AuthorizationRequest, now time.Time) *Interaction {
	return &Interaction{Purpose: Authorize, Request: &request, CreatedAt: now}
}

// ForPage makes an interaction of a page of the account, unstored.
func ForPage(page PageRequest, now time.Time) *Interaction {
	return &Interaction{Purpose: AccountPage, Page: &page, CreatedAt: now}
}

// AnswersOf are the answers of the person: none where somebody else's are kept.
func (in *Interaction) AnswersOf(user storage.ID) Answers {
	if in.Answers.By != user {
		return Answers{By: user}
	}
	return in.Answers
}

// ForClient reports whether a client waits for the end of it, so that the person
// may decline and the client is told of failure.
func (in *Interaction) ForClient() bool {
	return in.Purpose == Authorize || in.Purpose == ApproveDevice
}

// ClientID is the client that asks; empty where none does.
func (in *Interaction) ClientID() string {
	if in.Request == nil {
		return ""
	}
	return in.Request.ClientID
}

// RedirectURI is where the answer to the client goes; empty where none asks.
func (in *Interaction) RedirectURI() string {
	if in.Request == nil {
		return ""
	}
	return in.Request.RedirectURI
}

// LoginHint is whom the client expects, as they would type it; empty is nobody.
func (in *Interaction) LoginHint() string {
	if in.Request == nil {
		return ""
	}
	return in.Request.LoginHint
}

// HasPrompt reports whether a client asks for the prompt.
func (in *Interaction) HasPrompt(p string) bool { return in.Request != nil && in.Request.HasPrompt(p) }

// Locales are the languages that were asked for, best first.
func (in *Interaction) Locales() []string {
	switch {
	case in.Request != nil:
		return in.Request.UILocales
	case in.Page != nil:
		return in.Page.Locales
	}
	return nil
}

// Enroll is the kind of factor that a page wants to be added; empty is none.
func (in *Interaction) Enroll() storage.FactorKind {
	if in.Page == nil {
		return ""
	}
	return in.Page.Enroll
}

// Outcome is what the sign-in flow says of an interaction: either nothing is
// missing and SignedIn is who is there, or Missing names the step to show.
type Outcome struct {
	SignedIn *storage.SignedIn
	// Missing is the step that comes next; empty when nothing is missing.
	Missing string
	// Error is the OAuth error that a request with prompt=none gets for
	// Missing: login_required, consent_required and so on. Where Fatal is set,
	// every request gets it.
	Error string
	// Reason explains Error in words that are safe to send to the client.
	Reason string
	Fatal  bool
	// Refused says that nothing could provide what is missing: the person may not use
	// the client. A page tells them, and from there the client is told.
	Refused bool
	// Cause names what refused them, for the log.
	Cause string
}
