package ui

import (
	"math"
	"net/http"
	"time"

	"github.com/latchkey-id/latchkey/internal/web"
	"github.com/latchkey-id/latchkey/ui/flash"
)

// Refused is an error in the language of its page: what happened, and when to try again.
type Refused struct {
	web.ErrorPage
	// Wait says in words when; empty where there is nothing to wait for. Countdown is
	// the same in seconds for a script, which says it by Left, and Now when it is over.
	Wait, Left, Now string
	Countdown       int
}

func (p *Page) refused(shown web.ErrorPage) *Refused {
	if shown.Key != "" {
		shown.Title = p.texts.Or("error."+shown.Key+".title", shown.Title)
		shown.Detail = p.texts.Or("error."+shown.Key+".detail", shown.Detail)
	}
	refused := &Refused{ErrorPage: shown}
	if shown.RetryAfter > 0 {
		refused.Countdown = int(math.Ceil(shown.RetryAfter.Seconds()))
		refused.Wait = p.T("refused.wait", "Wait", p.Duration(time.Duration(refused.Countdown)*time.Second))
		refused.Left, refused.Now = p.T("refused.wait", "Wait", "{}"), p.T("refused.now")
	}
	return refused
}

// status is what the page is answered with: a form that was refused is shown again with
// the status of that.
func (p Page) status(otherwise int) int {
	if p.Refused != nil {
		return p.Refused.Status
	}
	return otherwise
}

// retryAddress is where what the request asked for can be tried again: the page that it is. A
// form is not sent again by a link, so that it leads to the form's page.
func retryAddress(r *http.Request) string {
	if r.Method == http.MethodGet {
		return r.URL.RequestURI()
	}
	query := r.URL.Query()
	query.Del(flash.Param)
	to := *r.URL
	to.RawQuery = query.Encode()
	return to.RequestURI()
}
