package browser

import (
	_ "embed"
	"fmt"

	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/chromedp"
)

// measuring shows one page in frames without scripts, in several languages at once, and
// measures it at several widths.
//
//go:embed frames_test.js
var measuring string

// frames is a tab of the same browser for [tab.inEveryLanguage]. What its console says of
// scripts in frames that may have none is no news.
func (b *tab) frames() *tab {
	b.t.Helper()
	f := b.open(b.t)
	f.s, f.look = b.s, desktop
	f.show(f.look)
	_, err := chromedp.Call(f.ctx, page.SetBypassCSP, page.SetBypassCSPParams{Enabled: true})
	f.check("put pages into frames", err)
	f.get("/robots.txt")
	f.do("load what measures", chromedp.EvaluateAsDevTools[chromedp.Void](measuring))
	return f
}

// inEveryLanguage checks a page of people at the width of a phone, a tablet and a desktop, in
// a language of short words, one of long words, one of another script and one from right
// to left: nothing to scroll sideways for, nothing cut off, nothing over something else.
// The page was shown in a language (was): English, unless the request asks for another.
func (b *tab) inEveryLanguage(name, address, was string) {
	b.t.Helper()
	found, err := chromedp.Run(b.ctx, chromedp.EvaluateAsDevTools[string](
		fmt.Sprintf(`measure(%q, %q).then(found => found.join("\n"))`, address, was), chromedp.EvalAwaitPromise))
	b.check("measure "+name, err)
	if found != "" {
		b.t.Errorf("%s (%s):\n%s", name, address, found)
	}
}
