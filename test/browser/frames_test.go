package browser

import (
	_ "embed"
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/chromedp"
)

// sheets is where [everyPage.inEveryLanguage] leaves a picture of every page at each width,
// its languages side by side:
//
//	go test ./test/browser -run TestPages -sheets /tmp/sheets
var sheets = flag.String("sheets", "", "`folder` to write pictures of every page to, in several languages")

// measuring shows one page in frames without scripts, in several languages at once, and
// measures it at several widths.
//
//go:embed frames_test.js
var measuring string

// languages are one of short words, one of long words, one of another script and one from
// right to left; widths those of a phone, a tablet and a desktop.
var (
	languages = []string{"en", "de", "ja", "ar"}
	widths    = []int{360, 768, 1280}
)

// frames is a tab for [everyPage.inEveryLanguage]. What its console says of scripts in
// frames that may have none is no news.
func (s *site) frames(t *testing.T) *tab {
	t.Helper()
	process, err := chromium()
	if err != nil {
		t.Fatalf("start Chromium: %v", err)
	}
	f := process.open(t, chromedp.WithNewBrowserContext())
	f.s, f.look = s, unpainted
	f.show(f.look)
	_, err = chromedp.Call(f.ctx, page.SetBypassCSP, page.SetBypassCSPParams{Enabled: true})
	f.check("put pages into frames", err)
	f.get("/robots.txt")
	f.do("load what measures", chromedp.EvaluateAsDevTools[chromedp.Void](measuring))
	return f
}

// inEveryLanguage checks a page of people at each width in each language: nothing to scroll
// sideways for, nothing cut off, nothing over something else. The languages are those of
// requests that bear the cookies of the person's browser.
func (e *everyPage) inEveryLanguage(b *tab, name, address string) {
	b.t.Helper()
	documents := b.documents(address)
	was := b.eval(`document.documentElement.lang`) // English, unless the request asks for another
	e.framing.Lock()
	defer e.framing.Unlock()
	f := e.frames.of(b)
	if found := f.promised("measure", documents, widths, was); found != "" {
		b.t.Errorf("%s (%s):\n%s", name, address, found)
	}
	if *sheets != "" {
		f.sheets(name)
	}
	f.promised("end")
}

// documents are what the address answers this browser in each language.
func (b *tab) documents(address string) map[string]string {
	b.t.Helper()
	cookies, err := chromedp.Call(b.ctx, network.GetCookies, network.GetCookiesParams{URLs: []string{b.s.Issuer + address}})
	b.check("read cookies", err)
	agent := b.eval(`navigator.userAgent`)
	documents := map[string]string{}
	for _, lang := range languages {
		r, err := http.NewRequestWithContext(b.ctx, http.MethodGet, b.s.Issuer+address, nil)
		b.check("ask for "+address, err)
		r.Header = http.Header{"Accept": {"text/html"}, "Accept-Language": {lang}, "User-Agent": {agent}}
		for _, cookie := range cookies.Cookies {
			r.AddCookie(&http.Cookie{Name: cookie.Name, Value: cookie.Value})
		}
		answer, err := b.s.HTTP().Do(r)
		b.check("ask for "+address, err)
		body, err := io.ReadAll(answer.Body)
		b.check("read "+address, err)
		b.check("read "+address, answer.Body.Close())
		documents[lang] = string(body)
	}
	return documents
}

// promised calls a function of frames_test.js that promises a text.
func (b *tab) promised(function string, args ...any) string {
	b.t.Helper()
	var call []string
	for _, arg := range args {
		text, err := json.Marshal(arg)
		b.check(function, err)
		call = append(call, string(text))
	}
	said, err := chromedp.Run(b.ctx, chromedp.EvaluateAsDevTools[string](function+"("+strings.Join(call, ", ")+")", chromedp.EvalAwaitPromise))
	b.check(function, err)
	return said
}

// sheets takes a picture of the frames at each width.
func (b *tab) sheets(name string) {
	b.t.Helper()
	for _, width := range widths {
		var size struct{ Width, Height float64 }
		b.check("lay out "+name, json.Unmarshal([]byte(b.promised("lay", width)), &size))
		shot, err := chromedp.Call(b.ctx, page.CaptureScreenshot, page.CaptureScreenshotParams{
			Clip: &page.Viewport{Width: size.Width, Height: size.Height, Scale: 1}, CaptureBeyondViewport: new(true),
		})
		b.check("take a picture of "+name, err)
		file := fmt.Sprintf("%s-%d.png", strings.NewReplacer("/", "_", " ", "_", "#", "").Replace(name), width)
		b.check("write a picture", os.WriteFile(filepath.Join(*sheets, file), shot.Data, 0o600))
	}
}
