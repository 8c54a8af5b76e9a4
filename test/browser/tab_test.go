package browser

import (
	"context"
	"encoding/json"
	"fmt"
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/input"
	"github.com/chromedp/cdproto/log"
	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"
)

// tab is what a person has before them: a page, seen in some way.
type tab struct {
	t    *testing.T
	s    *site
	ctx  context.Context
	look look
	// status is the HTTP status of the page.
	status int64
	// others look at every page too, where a test wants that.
	others *everyPage
}

// listen fails the test for what the page's developer would see in the console:
// a breach of the Content-Security-Policy above all, or a script's exception.
func (b *tab) listen() {
	b.t.Helper()
	b.check("listen", chromedp.Listen(b.ctx, func(event any) {
		switch e := event.(type) {
		case *log.EventEntryAdded:
			if e.Entry.Level == log.EntryLevelError && e.Entry.Source != log.EntrySourceNetwork {
				b.t.Errorf("the console says: %s (%s)", e.Entry.Text, e.Entry.URL)
			}
		case *runtime.EventExceptionThrown:
			b.t.Errorf("a script failed: %s", e.ExceptionDetails.Exception.Description)
		}
	}))
}

// check fails the test for a step that could not be done, with what was seen.
func (b *tab) check(step string, err error) {
	b.t.Helper()
	if err != nil {
		b.fatalf("%s: %v", step, err)
	}
}

func (b *tab) fatalf(format string, args ...any) {
	b.t.Helper()
	b.t.Fatalf("%s\non %s", fmt.Sprintf(format, args...), b.seen())
}

// seen is where the person is, and what they read there.
func (b *tab) seen() string {
	ctx, cancel := context.WithTimeout(b.ctx, stepTimeout)
	defer cancel()
	seen, err := chromedp.Run(ctx, chromedp.EvaluateAsDevTools[string](`location.href + "\n" + (document.body?.innerText ?? "")`))
	if err != nil {
		return fmt.Sprintf("a page that cannot be read: %v", err)
	}
	return fmt.Sprintf("%s (status %d)", seen, b.status)
}

// show changes how the page is looked at.
func (b *tab) show(l look) {
	b.t.Helper()
	device := []chromedp.EmulateViewportOption{chromedp.EmulateLandscape}
	if l.phone {
		device = []chromedp.EmulateViewportOption{chromedp.EmulatePortrait, chromedp.EmulateMobile, chromedp.EmulateTouch}
	}
	b.check("set the size of the window", chromedp.Do(b.ctx, chromedp.EmulateViewport(l.width, l.height, device...)))
	scheme := "light"
	if l.dark {
		scheme = "dark"
	}
	_, err := chromedp.Call(b.ctx, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{
		Features: []*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: scheme}},
	})
	b.check("choose light or dark", err)
}

// arrive runs steps that lead to another page, and returns when that is there.
func (b *tab) arrive(what string, steps ...chromedp.Action[chromedp.Void]) {
	b.t.Helper()
	ctx, cancel := context.WithTimeout(b.ctx, stepTimeout)
	defer cancel()
	response, err := chromedp.RunResponse(ctx, steps...)
	b.check(what, err)
	b.status = 0
	if response != nil { // none: the page came from the browser's memory
		b.status = response.Status
	}
}

// get opens an address: a path of the provider, or a whole URL.
func (b *tab) get(address string) {
	b.t.Helper()
	if strings.HasPrefix(address, "/") {
		address = b.s.Issuer + address
	}
	b.arrive("open "+address, chromedp.Navigate(address))
}

// back presses the browser's Back button. A page that comes from the browser's
// memory must not stay as it was: the page's own script asks for it again, and
// where scripts are off the person does.
func (b *tab) back() {
	b.t.Helper()
	ctx, cancel := context.WithTimeout(b.ctx, stepTimeout)
	defer cancel()
	navigated, loaded := chromedp.Events(ctx, page.FrameNavigated), chromedp.Events(ctx, page.LoadEventFired)
	history, err := chromedp.Run(ctx, chromedp.NavigationEntries())
	b.check("read history", err)
	if history.CurrentIndex < 1 {
		b.fatalf("there is nothing to go back to")
	}
	before := page.NavigateToHistoryEntryParams{EntryID: history.Entries[history.CurrentIndex-1].ID}
	_, err = chromedp.Call(ctx, page.NavigateToHistoryEntry, before)
	b.check("go back", err)
	b.status = 0
	for event, err := range navigated {
		b.check("go back", err)
		if event.Type == page.NavigationTypeBackForwardCacheRestore && !b.look.scripts {
			b.reload()
			return
		}
		break
	}
	for _, err := range loaded {
		b.check("go back", err)
		break
	}
}

// reload presses the browser's reload button.
func (b *tab) reload() {
	b.t.Helper()
	b.arrive("reload", chromedp.Reload())
}

// fill types into fields, which are named by their ids: fill("email", "a@example.com").
func (b *tab) fill(fields ...string) {
	b.t.Helper()
	for field := range slices.Chunk(fields, 2) {
		id, text := field[0], field[1]
		b.do("type into #"+id,
			chromedp.WaitVisible(chromedp.ID(id)),
			chromedp.EvaluateAsDevTools[chromedp.Void](fmt.Sprintf(`(e => { e.focus(); e.select?.() })(document.getElementById(%q))`, id)),
			chromedp.Func(func(ctx context.Context, t *chromedp.Target) error {
				if text == "" {
					_, err := chromedp.KeyEvent(kb.Backspace)(ctx, t)
					return err
				}
				_, err := cdp.Call(ctx, t, input.InsertText, input.InsertTextParams{Text: text})
				return err
			}))
		if got := b.eval(fmt.Sprintf(`document.getElementById(%q).value`, id)); got != text {
			b.fatalf("typing %q into #%s left %q", text, id, got)
		}
	}
}

// choose chooses from a list.
func (b *tab) choose(id, value string) {
	b.t.Helper()
	if got := b.eval(fmt.Sprintf(`(e => { e.value = %q; return e.value })(document.getElementById(%q))`, value, id)); got != value {
		b.fatalf("#%s offers no %q", id, value)
	}
}

// tick ticks a check box with the mouse.
func (b *tab) tick(id string) {
	b.t.Helper()
	b.do("tick #"+id, chromedp.Click(chromedp.ID(id)))
}

// press clicks the button with an id and waits for the page that follows.
func (b *tab) press(id string) {
	b.t.Helper()
	b.arrive("press #"+id, chromedp.Click(chromedp.ID(id), chromedp.NodeEnabled))
}

// saveCodes ticks that the recovery codes are saved, and goes on.
func (b *tab) saveCodes() {
	b.t.Helper()
	b.tick("saved")
	b.press("recovery-continue")
}

// follow clicks the link or button that a CSS selector finds.
func (b *tab) follow(selector string) {
	b.t.Helper()
	b.arrive("follow "+selector, chromedp.Click(chromedp.CSS(selector)))
}

// factor chooses another way to prove who one is.
func (b *tab) factor(kind string) {
	b.t.Helper()
	b.follow(`a[data-factor="` + kind + `"]`)
}

// open opens a folded part of the page.
func (b *tab) unfold(selector string) {
	b.t.Helper()
	b.do("unfold "+selector, chromedp.Click(chromedp.CSS(selector)))
}

func (b *tab) do(what string, steps ...chromedp.Action[chromedp.Void]) {
	b.t.Helper()
	ctx, cancel := context.WithTimeout(b.ctx, stepTimeout)
	defer cancel()
	b.check(what, chromedp.Do(ctx, steps...))
}

// eval reads something off the page.
func (b *tab) eval(expression string) string {
	b.t.Helper()
	ctx, cancel := context.WithTimeout(b.ctx, stepTimeout)
	defer cancel()
	text, err := chromedp.Run(ctx, chromedp.EvaluateAsDevTools[string](expression))
	b.check("read "+expression, err)
	return text
}

// text is what the element with an id says; empty where there is none.
func (b *tab) text(id string) string {
	b.t.Helper()
	return strings.TrimSpace(b.eval(fmt.Sprintf(`document.getElementById(%q)?.textContent ?? ""`, id)))
}

// texts are what the elements say that a CSS selector finds.
func (b *tab) texts(selector string) []string {
	b.t.Helper()
	var texts []string
	raw := b.eval(fmt.Sprintf(`JSON.stringify([...document.querySelectorAll(%q)].map(e => e.textContent.trim()))`, selector))
	b.check("read "+selector, json.Unmarshal([]byte(raw), &texts))
	return texts
}

// has reports whether a CSS selector finds anything.
func (b *tab) has(selector string) bool {
	b.t.Helper()
	return b.eval(fmt.Sprintf(`String(document.querySelector(%q) !== null)`, selector)) == "true"
}

// url is the address of the page.
func (b *tab) url() *url.URL {
	b.t.Helper()
	u, err := url.Parse(b.eval(`location.href`))
	b.check("read address", err)
	return u
}

// at checks that the person is at a path and that the page is as it should be.
func (b *tab) at(path string) {
	b.t.Helper()
	if got := b.url(); got.Path != path || b.status != 200 && b.status != 0 {
		b.fatalf("at %s, want %s", got.Path, path)
	}
}

// want checks that the page has what a CSS selector finds.
func (b *tab) want(selector string) {
	b.t.Helper()
	if !b.has(selector) {
		b.fatalf("there is no %s", selector)
	}
}

// wantNo checks that the page has it not.
func (b *tab) wantNo(selector string) {
	b.t.Helper()
	if b.has(selector) {
		b.fatalf("there is a %s", selector)
	}
}

// says checks that an element says something with a text in it.
func (b *tab) says(id, text string) {
	b.t.Helper()
	if got := b.text(id); !strings.Contains(got, text) || got == "" {
		b.fatalf("#%s says %q, want %q", id, got, text)
	}
}
