package browser

import (
	"context"
	"os/exec"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/chromedp"
)

// chromium is the one browser process of the tests, started at first need.
var chromium = sync.OnceValues(func() (*tab, error) {
	options := append(chromedp.DefaultExecAllocatorOptions[:],
		chromedp.NoSandbox, chromedp.DisableGPU,
		chromedp.Flag("disable-quic", true),
		chromedp.Flag("disable-component-update", true),
		// One process for each tab, and none in reserve for the next: they show our pages alone.
		chromedp.Flag("disable-site-isolation-trials", true),
		chromedp.Flag("disable-features", "Translate,SpareRendererForSitePerProcess"),
		chromedp.Flag("lang", "en-US"),
	)
	if shell, err := exec.LookPath("chromium-headless-shell"); err == nil {
		// The same browser without windows, which take half of its time.
		options = append(options, chromedp.ExecPath(shell))
	}
	allocator, endAllocator := chromedp.NewExecAllocator(context.Background(), options...)
	browser, endBrowser := chromedp.NewContext(allocator)
	atEnd = append(atEnd, endAllocator, endBrowser)
	return &tab{ctx: browser}, chromedp.Do(browser)
})

// atEnd ends the browser when all tests have.
var atEnd []context.CancelFunc

func TestMain(m *testing.M) {
	m.Run()
	for i := len(atEnd) - 1; i >= 0; i-- {
		atEnd[i]()
	}
}

// slots bounds how many journeys are under way, however many cores there are:
// more only wait for one another.
var slots = make(chan struct{}, 3)

// stepTimeout bounds one step of a journey; a page that never comes fails it.
const stepTimeout = 2 * time.Minute

// look is how a person looks at the pages.
type look struct {
	name          string
	width, height int64
	phone, dark   bool
	// scripts says that the browser runs the page's scripts.
	scripts bool
}

var (
	desktop      = look{name: "desktop", width: 1280, height: 900, scripts: true}
	phone        = look{name: "phone", width: 390, height: 844, phone: true, scripts: true}
	plainDesktop = look{name: "desktop without scripts", width: 1280, height: 900}
	plainPhone   = look{name: "phone without scripts", width: 390, height: 844, phone: true}
)

// unpainted is for what is read or measured and not looked at: most of the time of a large
// window goes into painting it.
var unpainted = look{name: "small window", width: 240, height: 120, scripts: true}

// pairs and crossed are two looks each that differ in all respects: what most
// journeys need.
var (
	pairs   = []look{desktop, plainPhone}
	crossed = []look{phone, plainDesktop}
)

// all are every combination.
var all = []look{desktop, phone, plainDesktop, plainPhone}

// each runs a journey for every look, side by side, each in a browser of its own.
func (s *site) each(t *testing.T, looks []look, journey func(t *testing.T, b *tab)) {
	t.Helper()
	for _, l := range looks {
		t.Run(l.name, func(t *testing.T) {
			t.Parallel()
			slots <- struct{}{}
			defer func() { <-slots }()
			journey(t, s.browser(t, l))
		})
	}
}

// browser is a browser that has never been here.
func (s *site) browser(t *testing.T, l look) *tab {
	t.Helper()
	process, err := chromium()
	if err != nil {
		t.Fatalf("start Chromium: %v (run `make test`, which installs it)", err)
	}
	b := process.open(t, chromedp.WithNewBrowserContext())
	b.s, b.look = s, l
	b.begin()
	return b
}

// device is another browser of the same person, alike but for its cookies.
func (b *tab) device() *tab {
	b.t.Helper()
	return b.s.browser(b.t, b.look)
}

// second is another tab of the same browser.
func (b *tab) second() *tab {
	b.t.Helper()
	second := b.open(b.t)
	second.s, second.look = b.s, b.look
	second.begin()
	return second
}

// open opens a tab beside this one, or in another browser.
func (b *tab) open(t *testing.T, options ...chromedp.ContextOption) *tab {
	t.Helper()
	ctx, cancel := chromedp.NewContext(b.ctx, options...)
	t.Cleanup(cancel)
	return &tab{t: t, ctx: ctx}
}

// begin makes the tab look as it should, before it has opened a page.
func (b *tab) begin() {
	b.t.Helper()
	b.listen()
	b.show(b.look)
	if !b.look.scripts {
		_, err := chromedp.Call(b.ctx, emulation.SetScriptExecutionDisabled, emulation.SetScriptExecutionDisabledParams{Value: true})
		b.check("switch scripts off", err)
	}
}
