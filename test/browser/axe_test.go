package browser

import (
	"encoding/json"
	"flag"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/chromedp/chromedp"
	"github.com/latchkey-id/latchkey/internal/testenv"
)

// images is where [tab.picture] leaves what the documentation shows:
//
//	go test ./test/browser -run TestPages -images ../../docs/images
var images = flag.String("images", "", "`folder` to write pictures of the main pages to")

// axe is the source of axe-core, which runs in the page. What a browser is told
// by its own protocol is not for the page's Content-Security-Policy to refuse.
var axe = sync.OnceValues(func() (string, error) {
	source, err := os.ReadFile("node/node_modules/axe-core/axe.min.js")
	return string(source), err
})

// axeRules are those of WCAG 2.2, levels A and AA; axeColors are those among them that
// look at colors.
const (
	axeRules  = `["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]`
	axeColors = `{type: "rule", values: ["color-contrast", "link-in-text-block"]}`
)

// axeRun holds the page to rules.
const axeRun = `axe.run(document, {runOnly: %s, resultTypes: ["violations"]})
	.then(found => JSON.stringify(found.violations.filter(v => ["serious", "critical"].includes(v.impact)).map(v => ({
		id: v.id, impact: v.impact, help: v.help, nodes: v.nodes.map(n => n.html + " " + n.any.concat(n.all, n.none).map(c => c.message).join("; "))}))))`

// outside is what stands beyond the frame of the page's content, or makes the
// page wider than the window: axe-core does not look for that.
const outside = `(() => {
	if (document.documentElement.scrollWidth > innerWidth) return "the page";
	const frame = document.querySelector("main").getBoundingClientRect();
	return [...document.querySelectorAll("main :not(.visually-hidden, .visually-hidden *)")].filter(e => {
		const box = e.getBoundingClientRect();
		return box.width > 0 && (box.right > frame.right + 1 || box.left < frame.left - 1);
	}).map(e => e.outerHTML).join("\n");
})()`

// views are how every page is looked at, and by which rules: once by all at each width,
// and then by those that find something else in the other colors.
var views = []struct {
	look
	rules string
}{
	{look{name: "light desktop", width: 1280, height: 900}, axeRules},
	{look{name: "dark desktop", width: 1280, height: 900, dark: true}, axeColors},
	{look{name: "dark phone", width: 390, height: 844, phone: true, dark: true}, axeRules},
	{look{name: "light phone", width: 390, height: 844, phone: true}, axeColors},
}

// accessible checks that everybody can use the page: at both widths, in light
// and dark, nothing that axe-core calls serious, and nothing to scroll sideways for.
func (b *tab) accessible(page string) {
	b.t.Helper()
	source, err := axe()
	b.check("read axe-core", err)
	b.do("put axe-core into the page", chromedp.EvaluateAsDevTools[chromedp.Void](source))
	for _, view := range views {
		b.show(view.look)
		b.settle()
		raw, err := chromedp.Run(b.ctx, chromedp.EvaluateAsDevTools[string](fmt.Sprintf(axeRun, view.rules), chromedp.EvalAwaitPromise))
		b.check("run axe-core on "+page, err)
		var found []struct {
			ID, Impact, Help string
			Nodes            []string
		}
		b.check("decode what axe-core found", json.Unmarshal([]byte(raw), &found))
		for _, v := range found {
			b.t.Errorf("%s, %s: %s %s (%s):\n\t%s", page, view.name, v.Impact, v.ID, v.Help, strings.Join(v.Nodes, "\n\t"))
		}
		if view.rules == axeColors {
			continue // nothing moves when colors change
		}
		if out := b.eval(outside); out != "" {
			b.t.Errorf("%s, %s: beyond its frame stands: %s", page, view.name, out)
		}
	}
	b.show(b.look)
}

// settle ends what moves, since colours fade from light to dark, and returns when
// that was drawn.
func (b *tab) settle() {
	b.t.Helper()
	_, err := chromedp.Run(b.ctx, chromedp.EvaluateAsDevTools[bool](`new Promise(done => {
		document.getAnimations().forEach(a => a.finish());
		requestAnimationFrame(() => requestAnimationFrame(() => done(true)));
	})`, chromedp.EvalAwaitPromise))
	b.check("settle", err)
}

// picture checks a page that the documentation shows, and takes pictures of it.
func (b *tab) picture(page string) {
	b.t.Helper()
	b.accessible(page)
	if *images == "" {
		return
	}
	for suffix, view := range map[string]look{
		"": {width: 1000}, "-dark": {width: 1000, dark: true}, "-phone": {width: 390, phone: true},
	} {
		view.height = 640 // and more, up to a limit, where the page is longer
		b.show(view)
		b.settle()
		height, err := chromedp.Run(b.ctx, chromedp.EvaluateAsDevTools[int64](`document.documentElement.scrollHeight`))
		b.check("measure "+page, err)
		view.height = min(height, 960)
		b.show(view)
		b.do("leave the field", chromedp.EvaluateAsDevTools[chromedp.Void](`document.activeElement?.blur()`))
		b.settle()
		png, err := chromedp.Run(b.ctx, chromedp.CaptureScreenshot())
		b.check("take a picture of "+page, err)
		b.check("write a picture", os.WriteFile(filepath.Join(*images, page+suffix+".png"), png, 0o600))
	}
	b.show(b.look)
}

// walk is a journey by which every page is looked at.
func (s *site) walk(t *testing.T, name string, journey func(t *testing.T, b *tab)) {
	t.Helper()
	t.Run(name, func(t *testing.T) {
		t.Parallel()
		slots <- struct{}{}
		defer func() { <-slots }()
		journey(t, s.browser(t, desktop))
	})
}

// TestPages shows every page to an accessibility checker.
func TestPages(t *testing.T) {
	t.Parallel()
	testenv.NodeModules(t, "node")
	a := newApplication(t)
	s := startWith(t, testenv.Latchkey{}, settings{"mfa": settings{"factors": []string{"passkey", "totp", "recovery", "email", "sms"}}},
		settings{
			"resources": []settings{{"identifier": "https://reports.example.com", "name": "Reports"}},
			"scopes":    []settings{{"name": "reports.read", "resource": "https://reports.example.com", "description": settings{"en": "Read your reports"}}},
		},
		a.clients(map[string]settings{
			"wiki": {"trust_devices": true}, "calendar": {"consent": "remember", "client_uri": a.URL + "/left", "description": settings{"en": "Who is where, and when"}},
			"desk": {"consent": "always", "scopes": []string{"openid", "email", "reports.read"}},
			"tv":   {"grant_types": []string{"authorization_code", "urn:ietf:params:oauth:grant-type:device_code"}, "scopes": []string{"openid", "profile"}},
		}))
	a.site = s
	s.walk(t, "sign in", func(t *testing.T, b *tab) {
		ada := s.account("--name", "Ada Lovelace")
		b.get("/")
		b.accessible("home")
		b.get("/demo")
		b.accessible("demo")
		b.press("demo-sign-in")
		b.picture("sign-in")
		b.fill("username", ada.email, "password", "not her password")
		b.press("login-submit")
		b.accessible("sign-in refused")
		b.fill("username", "demo", "password", s.demo)
		b.press("login-submit")
		b.picture("demo-signed-in")
		b.get("/logout")
		b.accessible("sign-out")
		b.press("logout-confirm")
		b.accessible("signed out")
		b.get("/no-such-page")
		b.accessible("error")
		b.get(a.at("calendar", "scope", "openid profile email offline_access"))
		b.signIn(ada)
		b.picture("consent")
		b.get(a.at("wiki", "ui_locales", "ar", "prompt", "login"))
		b.accessible("sign-in from right to left")
	})
	s.walk(t, "account", func(t *testing.T, b *tab) {
		ada := stranger()
		b.demo()
		b.follow("#signup-link")
		b.picture("sign-up")
		b.fill("email", ada.email, "password", "short")
		b.press("signup-submit")
		b.accessible("sign-up refused")
		b.signUp(ada)
		b.accessible("confirm")
		link := b.link(ada.email, "confirm")
		other := b.device()
		other.get(link)
		other.accessible("confirm by link")
		other.fill("password", ada.password)
		other.press("verify-submit")
		other.accessible("confirmed elsewhere")
		other.get(link)
		other.accessible("a link that was used")
		b.get("/forgot-password")
		b.accessible("forgotten password")
		b.fill("email", ada.email)
		b.press("forgot-submit")
		b.accessible("look into your mail")
		b.get(b.link(ada.email, "new password"))
		b.fill("new_password", "short")
		b.press("reset-submit")
		b.accessible("reset")
		b.get("/dev/inbox")
		b.accessible("inbox")
	})
	s.walk(t, "applications and devices", func(t *testing.T, b *tab) {
		ada := s.account("--name", "Ada Lovelace")
		b.get("/account/applications")
		b.signIn(ada)
		b.want("#launcher-heading")
		b.accessible("launcher")
		b.get(a.at("desk", "scope", "openid email reports.read"))
		b.want("#consent-allow")
		b.accessible("consent by resource")
		b.get("/device")
		b.accessible("code of a device")
		b.fill("user_code", s.userCode(t, "tv"))
		b.press("device-submit")
		b.want("#device-program")
		b.accessible("a device asks")
		b.press("consent-allow")
		b.accessible("device signed in")
	})
	s.walk(t, "second factors", func(t *testing.T, b *tab) {
		ada, _ := s.imported()
		b.get(a.at("wiki", "acr_values", "phr aal2", "claims", `{"id_token":{"acr":{"essential":true,"values":["phr","aal2"]}}}`))
		b.signIn(ada)
		b.accessible("factor sms")
		b.factor("email")
		b.accessible("factor email")
		b.answer(b.message(ada.email, "code").Code)
		b.accessible("choice of a factor")
		b.factor("passkey")
		b.accessible("passkey enrollment")
		b.follow(".after a")
		b.factor("totp")
		b.picture("totp-enrollment")
		ada.app = b.newApp()
		b.fill("code", ada.app.code(t))
		b.press("enroll-submit")
		b.picture("recovery-codes")
		b.saveCodes()
		b.get("/account/security/add?kind=passkey")
		key := b.addAuthenticator()
		b.press("enroll-submit")
		b.touch(key, false)
		b.follow("#signout-link")
		b.press("logout-confirm")

		b.get(a.at("wiki"))
		b.signIn(ada)
		b.accessible("factor passkey")
		b.factor("totp")
		b.picture("second-factor")
		b.answer("000000")
		b.accessible("factor refused")
		b.tick("trust_device")
		b.answer(ada.app.code(t))
		b.get("/account/security")
		b.picture("account-security")
		other := b.device()
		other.get(a.at("wiki"))
		other.signIn(ada)
		other.factor("recovery")
		other.accessible("factor recovery")
	})
	s.walk(t, "account pages", func(t *testing.T, b *tab) {
		ada := s.account("--name", "Ada Lovelace")
		other := b.device()
		for _, device := range []*tab{other, b} {
			device.demo()
			device.signIn(ada)
			device.get(a.at("calendar"))
			device.has("#consent-allow")
		}
		b.press("consent-allow")
		b.get("/account/password")
		if b.has("#factor-submit") { // fresh evidence, where e-mail counts as a factor
			b.answer(b.message(ada.email, "code").Code)
		}
		for _, page := range []string{"", "/profile", "/email", "/phone", "/password", "/applications", "/activity", "/data", "/delete"} {
			b.get("/account" + page)
			b.at("/account" + page)
			b.accessible("account" + page)
		}
		b.get("/account/sessions")
		b.picture("account-sessions")
		b.get("/account/phone")
		b.fill("phone", "+49 30 7654321")
		b.press("phone-submit")
		b.accessible("phone code")
		b.get("/account/email")
		b.fill("email", "new-"+ada.email)
		b.press("email-submit")
		b.accessible("account/email that waits")
		b.get("/account/applications")
		b.press("application-revoke-calendar")
		b.accessible("question")
		b.get("/account/delete")
		b.fill("confirm", ada.email)
		b.press("delete-submit")
		b.accessible("deletion planned")
		b.get("/account")
		b.signIn(ada)
		b.accessible("account that will be deleted")
	})
}

// userCode is the code that a device shows which asks for a client.
func (s *site) userCode(t *testing.T, client string) string {
	t.Helper()
	form := url.Values{"scope": {"openid"}}
	r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, s.Issuer+"/device_authorization", strings.NewReader(form.Encode()))
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	r.SetBasicAuth(client, clientSecret+client)
	answer, err := s.HTTP().Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	var asked struct {
		UserCode string `json:"user_code"`
	}
	if err := json.NewDecoder(answer.Body).Decode(&asked); err != nil || asked.UserCode == "" {
		t.Fatalf("no code (%d): %v", answer.StatusCode, err)
	}
	return asked.UserCode
}
