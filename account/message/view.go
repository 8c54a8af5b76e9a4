package message

import (
	"strings"
	"time"

	"github.com/latchkey-id/latchkey/internal/web"
)

// View is what a template is given. Its texts are in the message's language
// and end in a full stop where they are sentences; what does not apply is empty.
type View struct {
	Lang, Dir string
	// Kind is which message it is, and Brand whose.
	Kind  string
	Brand Brand
	// Title is the subject too.
	Title, Text string
	// Action is the button, Also a second one.
	Action, Also Button
	// Fallback says what to do where the button does not work.
	Fallback string
	// Code is the one-time code, CodeLabel what stands between the button and it.
	Code, CodeLabel string
	// Expires says until when the link and the code work.
	Expires string
	// Asked says when and from where the message was asked for, Unasked what to
	// do for whoever did not ask.
	Asked, Unasked string
	Footer         string
	// Host is the issuer's, for the last line of an SMS, which binds its code to
	// it: "@host #code".
	Host string
}

// Button is a link with its label.
type Button struct{ Label, URL string }

// view puts what a message says into words.
func (t texts) view(brand Brand, host string, asked Asked, c content) View {
	v := View{
		Lang: t.lang, Dir: t.direction(), Kind: c.key, Brand: brand, Host: host,
		Title: t.get(c.key + ".subject"), Text: t.get(c.key+".text", append([]any{brand.Name}, c.args...)...),
		Unasked: t.get(c.key + ".unasked"), Footer: t.get("footer", brand.Name), Code: c.code,
		Asked: t.asked(asked, c.happened),
	}
	if c.link != "" {
		v.Action = Button{t.get(c.key + ".action"), c.link}
		v.Fallback = t.get("fallback")
	}
	if c.also != "" {
		v.Also = Button{t.get(c.key + ".also"), c.also}
	}
	if c.code != "" && c.link != "" {
		v.CodeLabel = t.get("code")
	}
	v.Expires = t.expires(c)
	return v
}

// expires says until when the link and the code work.
func (t texts) expires(c content) string {
	var said []string
	for _, what := range []struct {
		name string
		at   time.Time
	}{{"link", c.expires}, {"code", c.codeExpires}} {
		if !what.at.IsZero() {
			said = append(said, t.get("expires."+what.name, stamp(what.at)))
		}
	}
	return strings.Join(said, " ")
}

// asked says when and from where a message was asked for.
func (t texts) asked(a Asked, happened bool) string {
	key := "asked"
	if happened {
		key = "happened"
	}
	var from []string
	for _, part := range []string{web.BrowserName(a.UserAgent), web.CoarseAddress(a.Address)} {
		if part != "" {
			from = append(from, part)
		}
	}
	if len(from) == 0 {
		return t.get(key+"_at", stamp(a.At))
	}
	return t.get(key, stamp(a.At), strings.Join(from, ", "))
}

// stamp is a time as every language reads it.
func stamp(at time.Time) string { return at.UTC().Format("2006-01-02 15:04 UTC") }
