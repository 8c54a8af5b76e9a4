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

// views are how every page is looked at: by all rules once at each width and once in each
// of light and dark; and by those of colors in what remains, where a page has other colors
// there ([colors]) than at the other width.
var views = []struct {
	look
	rules string
}{
	{look{name: "light desktop", width: 1280, height: 900}, axeRules},
	{look{name: "light phone", width: 390, height: 844, phone: true}, axeColors},
	{look{name: "dark phone", width: 390, height: 844, phone: true, dark: true}, axeRules},
	{look{name: "dark desktop", width: 1280, height: 900, dark: true}, axeColors},
}

// colors is what the rules of colors see of a page: each element that is shown, its color,
// what is behind it, and whether its text is large (WCAG 2.2, 1.4.3). It ends what moves
// first, since colors fade from light to dark.
const colors = `(() => {
	document.getAnimations().forEach(a => a.finish());
	return JSON.stringify([...document.querySelectorAll("body, body *")].filter(e => e.checkVisibility({visibilityProperty: true, opacityProperty: true})).map(e => {
		const s = getComputedStyle(e), size = parseFloat(s.fontSize);
		const large = size >= 24 || size >= 18.66 && s.fontWeight >= 700;
		return [e.localName, e.id, s.color, s.backgroundColor, s.backgroundImage, s.opacity, s.textDecorationLine, large].join(" ");
	}));
})()`

// accessible checks that everybody can use the page: at both widths, in light
// and dark, nothing that axe-core calls serious, and nothing to scroll sideways for.
func (b *tab) accessible(page string) {
	b.t.Helper()
	source, err := axe()
	b.check("read axe-core", err)
	b.do("put axe-core into the page", chromedp.EvaluateAsDevTools[chromedp.Void](source))
	seen := map[bool]string{} // by whether it is dark
	for _, view := range views {
		b.show(view.look)
		now := b.eval(colors)
		if view.rules == axeColors && seen[view.dark] == now {
			continue
		}
		seen[view.dark] = now
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
	if b.others != nil {
		b.others.see(b, page)
	}
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
