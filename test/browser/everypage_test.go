package browser

import (
	"fmt"
	"maps"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/cdproto/target"
	"github.com/chromedp/chromedp"
	links "github.com/latchkey-id/latchkey/account/message"
	"github.com/latchkey-id/latchkey/login"
	"github.com/latchkey-id/latchkey/login/logintest"
	accountpages "github.com/latchkey-id/latchkey/login/settings"
	"github.com/latchkey-id/latchkey/mfa"
)

// everyPage is what the pages of a provider have in common, whoever's browser they are
// open in. Whatever a journey shows to [tab.accessible] is opened again, at that moment
// and at the same address, by others: from a bookmark in a browser that was never here, by
// somebody else who is signed in, and by a browser that refuses cookies.
type everyPage struct {
	*site
	eve *person
	// The browsers of others, which all journeys share in turn (looking): each of its own
	// for each journey would take more time than all their pages.
	looking                  sync.Mutex
	fresh, stranger, refuses *tab
	// frames shows pages in other languages and widths, also in turn (framing).
	framing sync.Mutex
	frames  *tab

	mu   sync.Mutex
	seen map[string]bool // addresses, by their path and the names of their parameters
}

func newEveryPage(t *testing.T, s *site) *everyPage {
	t.Helper()
	// Headless Chromium knows no setting that refuses cookies: on the wire it is this.
	refuser := httptest.NewServer(&httputil.ReverseProxy{
		Rewrite:        func(r *httputil.ProxyRequest) { r.Out.Header.Del("Cookie"); r.Out.Host = r.In.Host },
		ModifyResponse: func(r *http.Response) error { r.Header.Del("Set-Cookie"); return nil },
	})
	t.Cleanup(refuser.Close)
	process, err := chromium()
	if err != nil {
		t.Fatalf("start Chromium: %v", err)
	}
	refuses := process.open(t, chromedp.WithNewBrowserContext(func(p *target.CreateBrowserContextParams) {
		p.ProxyServer, p.ProxyBypassList = refuser.URL, "<-loopback>"
	}))
	refuses.s, refuses.look = s, unpainted
	refuses.look.scripts = false
	refuses.begin()
	e := &everyPage{site: s, eve: s.account("--name", "Eve Moneypenny"), seen: map[string]bool{}}
	e.fresh, e.stranger, e.refuses, e.frames = s.browser(t, unpainted), s.browser(t, unpainted), refuses, s.frames(t)
	e.stranger.account(e.eve, "")
	for _, other := range []*tab{e.fresh, e.stranger, e.refuses} { // which read pages, and look at none
		_, err := chromedp.Call(other.ctx, network.SetBlockedURLs, network.SetBlockedURLsParams{URLPatterns: []*network.BlockPattern{{URLPattern: "*://*:*/*.css", Block: true}}})
		other.check("do without styles", err)
	}
	return e
}

// walk is [site.walk] with the others looking on.
func (e *everyPage) walk(t *testing.T, name string, journey func(t *testing.T, b *tab)) {
	t.Helper()
	e.site.walk(t, name, func(t *testing.T, b *tab) {
		b.others = e
		journey(t, b)
	})
}

// see has the others open the page that is before the person.
func (e *everyPage) see(b *tab, page string) {
	b.t.Helper()
	here := b.url()
	if here.Path == "/" || strings.HasPrefix(here.Path, "/dev/") || strings.HasPrefix(here.Path, "/demo") {
		return // of `dev`, for whoever develops
	}
	if !e.first(here.Path + "?" + strings.Join(slices.Sorted(maps.Keys(here.Query())), "&")) {
		return
	}
	address := here.RequestURI()
	e.inEveryLanguage(b, page, address)
	e.byOthers(b, page, address, here.Query().Has(links.TokenParam))
}

// byOthers has the others open a page, which came by the link of a message, or not.
func (e *everyPage) byOthers(b *tab, page, address string, token bool) {
	b.t.Helper()
	e.looking.Lock()
	defer e.looking.Unlock()
	fresh, refuses := e.fresh.of(b), e.refuses.of(b)
	_, err := chromedp.Call(fresh.ctx, network.ClearBrowserCookies, chromedp.Void{})
	fresh.check("forget all cookies", err)
	for who, other := range map[string]*tab{"a bookmark": fresh, "a link that was shared": e.stranger.of(b), "cookies refused": refuses} {
		other.get(address)
		other.strange(fmt.Sprintf("%s, %s", page, who), e.eve, token)
	}
	refuses.namesCookies(page)
}

// of is the tab for a step of another's test, which it fails where something is wrong.
func (b *tab) of(other *tab) *tab {
	same := *b
	same.t = other.t
	return &same
}

// first reports whether an address was not looked at yet.
func (e *everyPage) first(address string) bool {
	e.mu.Lock()
	defer e.mu.Unlock()
	seen := e.seen[address]
	e.seen[address] = true
	return !seen
}

var anAddress = regexp.MustCompile(`[\w.+-]+@example\.com`)

// strange checks a page that is open in another browser than the one that it was for: it
// is a page of ours, leads on by one link where it ends, and shows nothing of the other
// person. What the link of a message (token) is about is for whoever has the message.
func (b *tab) strange(page string, eve *person, token bool) {
	b.t.Helper()
	if b.status >= http.StatusInternalServerError || !b.has("main h1") || b.eval(`document.title`) == "" {
		b.t.Errorf("%s: no page, but %s", page, b.seen())
	}
	ends := b.has("#error-title")
	if ends && len(b.texts("main a.button")) != 1 || !ends && !b.has("main a[href], main button, nav a[href]") {
		b.t.Errorf("%s: there is no one way on: %s", page, b.seen())
	}
	said := b.eval(`document.documentElement.innerHTML`)
	for _, address := range anAddress.FindAllString(said, -1) {
		if address != eve.email && address != "name@example.com" && !token {
			b.t.Errorf("%s: shows %s: %s", page, address, b.seen())
		}
	}
	if strings.Contains(said, "Lovelace") {
		b.t.Errorf("%s: shows somebody's name: %s", page, b.seen())
	}
	if detail := b.text("error-detail"); ends && (detail == "" || strings.Contains(detail, "still signed in")) {
		b.t.Errorf("%s: says %q", page, detail)
	}
}

// namesCookies checks that a browser that refuses cookies is told so: by the page, or when
// its form is sent.
func (b *tab) namesCookies(page string) {
	b.t.Helper()
	const form = `main form[method="post"]:has(button.primary)`
	if b.has(form) {
		b.arrive("send the form", chromedp.EvaluateAsDevTools[chromedp.Void](fmt.Sprintf(
			`(f => { f.noValidate = true; f.requestSubmit(f.querySelector("button.primary")) })(document.querySelector('%s'))`, form)))
		b.want("#error-title, #refused")
	}
	if !b.has("#error-title") || b.status == http.StatusNotFound || strings.Contains(b.text("error-title"), "link") {
		return // what needs no cookie, or what they would not help
	}
	if !strings.Contains(b.text("error-detail"), "ookies") {
		b.t.Errorf("%s: cookies are not named: %s", page, b.seen())
	}
}

// pathsOfPeople are those of all pages of people.
func pathsOfPeople(t *testing.T) []string {
	t.Helper()
	parts := logintest.New(t, logintest.Options{SMS: &mfa.SMSLimits{}})
	flow := login.New(login.Config{Factors: parts.Factors, Accounts: parts.Accounts, Methods: parts.Methods(parts.Limiter(nil), nil)})
	account := accountpages.New(accountpages.Config{Accounts: parts.Accounts, Factors: parts.Factors})
	return slices.Concat(flow.Paths(), account.Paths(), []string{"/logout"})
}

// pageless are addresses that show nothing of their own.
var pageless = []string{
	"/login/another",        // leads to the page of sign-in
	"/login/passkey",        // takes what a script sends
	"/account/security/add", // leads to the page of enrollment
}

// complete checks that the walks missed no page of people.
func (e *everyPage) complete(t *testing.T, paths []string) {
	t.Helper()
	for _, path := range paths {
		found := slices.Contains(pageless, path)
		for address := range e.seen {
			found = found || strings.HasPrefix(address, path+"?")
		}
		if !found {
			t.Errorf("no walk looks at %s", path)
		}
	}
}
