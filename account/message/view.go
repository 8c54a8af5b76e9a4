package message

import (
	"strings"

	"github.com/latchkey-id/latchkey/internal/locale"
	"github.com/latchkey-id/latchkey/internal/useragent"
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
	// Code is the one-time code, CodeGrouped the same as people read it,
	// CodeLabel what stands between the button and it.
	Code, CodeGrouped, CodeLabel string
	// Expires says how long the link and the code work.
	Expires string
	// Asked says from where the message was asked for, Unasked what to do for
	// whoever did not ask.
	Asked, Unasked string
	Footer         string
	// Host is the issuer's, for the last line of an SMS, which binds its code to
	// it: "@host #code".
	Host string
}

// Button is a link with its label.
type Button struct{ Label, URL string }

// view puts what a message says into words.
func (t localized) view(brand Brand, host string, asked Asked, c content) View {
	values := t.values(brand, c)
	v := View{
		Lang: t.Tag, Dir: t.Dir(), Kind: c.key, Brand: brand, Host: host, Code: c.code, CodeGrouped: grouped(c.code),
		Title: t.of(c, "subject"), Text: t.of(c, "text", values...), Unasked: t.of(c, "unasked"),
		Footer: t.Get("mail.footer", "Brand", brand.Name), Asked: t.origin(asked, c), Expires: t.expires(c),
	}
	if c.link != "" {
		v.Action = Button{t.of(c, "action"), c.link}
		v.Fallback = t.Get("mail.fallback")
	}
	if c.disowns {
		v.Action.Label, v.Unasked = t.Get("mail.not_me"), t.Get("mail.not_me_unasked")
	}
	if c.also != "" {
		v.Also = Button{t.of(c, "also"), c.also}
	}
	if c.code != "" && c.link != "" {
		v.CodeLabel = t.Get("mail.code")
	}
	return v
}

// expires says how long the link and the code work.
func (t localized) expires(c content) string {
	link, code := t.Duration(c.linkLasts), t.Duration(c.codeLasts)
	switch {
	case c.linkLasts > 0 && c.linkLasts == c.codeLasts:
		return t.Get("mail.expires.same", "Link", link)
	case c.linkLasts > 0 && c.codeLasts > 0:
		return t.Get("mail.expires.both", "Link", link, "Code", code)
	case c.linkLasts > 0:
		return t.Get("mail.expires.link", "Link", link)
	case c.codeLasts > 0:
		return t.Get("mail.expires.code", "Code", code)
	}
	return ""
}

// origin says from where a message was asked for, and of something that happened
// also when.
func (t localized) origin(a Asked, c content) string {
	var from []string
	browser, system := useragent.Parse(a.UserAgent)
	switch {
	case browser != "" && system != "":
		from = append(from, t.Get("device.on", "Browser", browser, "System", system))
	case browser+system != "":
		from = append(from, browser+system)
	}
	if address := web.CoarseAddress(a.Address); address != "" {
		from = append(from, address)
	}
	switch where := strings.Join(from, ", "); {
	case c.happened && where == "":
		return t.Get("mail.happened_plain", "Time", t.DateTime(a.At.In(locale.Zone(c.zone))))
	case c.happened:
		return t.Get("mail.happened", "Time", t.DateTime(a.At.In(locale.Zone(c.zone))), "From", where)
	case where == "":
		return t.Get("mail.asked_plain")
	default:
		return t.Get("mail.asked", "From", where)
	}
}

// grouped is a code as people read it: in two halves.
func grouped(code string) string {
	if half := len(code) / 2; len(code) >= 6 && len(code)%2 == 0 {
		return code[:half] + " " + code[half:]
	}
	return code
}
