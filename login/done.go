package login

import (
	"fmt"
	"net/http"
	"net/url"
	"strings"

	"github.com/latchkey-id/latchkey/account/message"
	"github.com/latchkey-id/latchkey/internal/web"
	"github.com/latchkey-id/latchkey/ui"
)

// donePath is the page that says what the form of a message's link did. A form is
// answered by a redirect to it (post/redirect/get), so that reloading the page and
// going back to it send nothing again, and a double click is answered alike.
const donePath = "/done"

// doneParam says what was done: one of doneTexts.
const doneParam = "what"

// doneTexts are what the page may say, by the keys of texts. The list is closed: no address can make it
// say anything else (content spoofing).
var doneTexts = map[string]string{
	"verified":           "message.verified",
	"email_changed":      "message.email_changed",
	"email_stopped":      "message.email_stopped",
	"email_undone":       "message.email_undone",
	"deletion_cancelled": "message.deletion_cancelled",
	"reset_done":         "message.reset_done",
	"not_me":             "message.not_me",
	"device_allowed":     "message.device_allowed",
	"device_denied":      "message.device_denied",
}

func redirectDone(w http.ResponseWriter, r *http.Request, what string) error {
	http.Redirect(w, r, donePath+"?"+url.Values{doneParam: {what}}.Encode(), http.StatusSeeOther)
	return nil
}

// showDone says that something was done, and offers to sign in.
func (c *core) showDone(w http.ResponseWriter, r *http.Request) error {
	what := r.URL.Query().Get(doneParam)
	key, ok := doneTexts[what]
	if !ok {
		return &web.Error{
			Status: http.StatusNotFound, Key: "not_found", Title: "Page not found",
			Detail: "This page doesn’t exist. If you followed a link, it is out of date.",
			Cause:  fmt.Errorf("page of what was done: no %q", what),
		}
	}
	var args []any
	if what == "email_changed" { // names the address to its owner alone
		signedIn, err := c.sessions.Read(r)
		if err != nil {
			return err
		}
		if signedIn == nil {
			http.Redirect(w, r, message.PathSignIn, http.StatusSeeOther)
			return nil
		}
		args = []any{"Email", signedIn.User.Email}
	}
	page := c.ui.Begin(w, r, ui.Options{Title: key + ".title"})
	data := ui.Message{
		Page: page, Text: page.T(key+".text", args...), NextURL: message.PathSignIn, NextLabel: page.T("message.next_signin"),
	}
	if strings.HasPrefix(what, "device_") { // in whose browser somebody signed in just now
		data.NextURL, data.NextLabel = accountPath, page.T("continue.account")
	}
	return c.ui.Render(w, http.StatusOK, data)
}
