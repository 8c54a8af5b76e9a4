package console

import (
	"cmp"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/latchkey-id/latchkey/account"
	"github.com/latchkey-id/latchkey/client"
	"github.com/latchkey-id/latchkey/internal/ident"
	"github.com/latchkey-id/latchkey/storage"
	"github.com/latchkey-id/latchkey/ui"
)

// act is something that is done to a person or a group, on a page of its own that says
// what will happen: GET shows and changes nothing, POST does it. It is the one row from
// which its routes, what it takes, its link on the page of the person and its tests follow.
type act struct {
	// of is the page of what it is done to: that of a person, a group or a list. name ends
	// the address of the act below it.
	of, name string
	// text begins the keys of its texts: text.title is what it is called, on its button
	// too, and text.text says what will happen.
	text string
	// operation is the operation of the admin API that does the same: the act takes its
	// scope. command is the command that does, after "latchkey "; empty where none does.
	operation, command string
	// danger says that it takes something away.
	danger bool
	// grave says that fresh proofs are asked for before anybody fills the page in. Whether
	// they are needed is decided in package account.
	grave bool
	// subject is the parameter that names what of the person it is about; empty where it is
	// all of them. Its link is beside the subject.
	subject string
	// several says that it may be about several subjects at once, picked in a list, and
	// about fills in of them what commands and calls name; nil is what the address says.
	several bool
	about   func(t *target) []url.Values
	// used says of which installations it makes sense; nil is all.
	used func(c *Console) bool
	// app says of which applications it makes sense; nil is all of them.
	app func(t *target) bool
	// offered says of whom it makes sense; nil is everybody.
	offered func(c *Console, u *storage.User) bool
	// fields are asked for besides the reason; nil is none.
	fields func(c *Console, v *visit, t *target, s *screen, f *form) error
	// do makes it so. It may answer itself, where written is true.
	do func(c *Console, w http.ResponseWriter, r *http.Request, by account.Actor, t *target) (written bool, err error)
}

// target is what an act is done to.
type target struct {
	// User, Group or Client is who or what it is; one of them is there, or none.
	*storage.User
	Group *storage.Group
	// Client is an application, Row what the database has of it, if it does, and Locked
	// since when it is locked down.
	Client *client.Client
	Row    *storage.Client
	Locked time.Time
	// page is its page, and name what it is called.
	page, name string
	// after is the page to go on to; empty is page.
	after string
	// subject is what of it the act is about.
	subject string
}

// on makes a target of a person.
func on(u *storage.User) *target { return &target{User: u, page: pathOf(u.ID), name: called(u)} }

// target reads what the address of an act names.
func (c *Console) target(r *http.Request, a *act) (*target, error) {
	switch a.of {
	case personPath:
		u, err := c.person(r)
		if err != nil {
			return nil, err
		}
		return on(u), nil
	case groupPath:
		g, err := c.group(r)
		if err != nil {
			return nil, err
		}
		return &target{Group: g, page: groupAt(g.ID), name: g.Name}, nil
	}
	if a.of == appPath {
		return c.app(r.Context(), r.PathValue("client"))
	}
	return &target{page: a.of}, nil
}

// senseless answers an act that an application is none for: one of a file is changed
// there, and one that registered itself says itself what it is.
func senseless(w http.ResponseWriter, r *http.Request, a *act, t *target) (bool, error) {
	switch {
	case a.app == nil || a.app(t):
		return false, nil
	case t.Row == nil && a.operation != "clients.lock_down" && a.operation != "clients.undo_lockdown":
		return true, redirectDone(w, r, t.page, "file")
	case a.operation == "clients.replace" || a.operation == "clients.add_secret":
		return true, redirectDone(w, r, t.page, "itself")
	}
	return true, redirectDone(w, r, t.page, "unchanged")
}

// personPath is the page of a person.
const personPath = Root + "/people/{person}"

// pathOf is where the page of a person is.
func pathOf(id storage.ID) string { return Root + "/people/" + string(id) }

func (a *act) path() string { return a.of + "/" + a.name }

// at is the address of the act for a target, and for a subject where it has one.
func (a *act) at(t *target, subject string) string {
	address := t.page + "/" + a.name
	if a.subject != "" {
		address += "?" + url.Values{a.subject: {subject}}.Encode()
	}
	return address
}

// simply is an act upon a person that is one method of the account service.
func simply(do func(c *Console, r *http.Request, by account.Actor, u *storage.User) error) func(*Console, http.ResponseWriter, *http.Request, account.Actor, *target) (bool, error) {
	return func(c *Console, _ http.ResponseWriter, r *http.Request, by account.Actor, t *target) (bool, error) {
		return false, do(c, r, by, t.User)
	}
}

// person reads whom the address names.
func (c *Console) person(r *http.Request) (*storage.User, error) {
	id := storage.ID(r.PathValue("person"))
	if _, err := id.Bytes(); err != nil {
		return nil, notFound(err)
	}
	u, err := c.cfg.Users.ByID(r.Context(), id)
	if errors.Is(err, storage.ErrNotFound) {
		return nil, notFound(err)
	}
	return u, err
}

// may reports whether the visitor may do an act here, as far as that can be told before
// it is tried.
func (c *Console) may(v *visit, a *act) bool {
	return v.may.Has(c.scopeOf(a.operation)) && (a.used == nil || a.used(c))
}

// linksOn lead from a page to what the visitor may do there, of which nothing is picked.
func (c *Console) linksOn(v *visit, s *screen, page string) []link {
	var links []link
	for _, a := range c.acts {
		if a.of == page && a.subject == "" && c.may(v, a) {
			links = append(links, link{ID: "act-" + a.name, URL: a.path(), Label: s.T(a.text + ".title"), Danger: a.danger})
		}
	}
	return links
}

// doListed is the link of a row to an act about it; an empty cell where the visitor may not.
func (c *Console) doListed(v *visit, page, name string, s *screen, subject, label string) cell {
	if a := c.actOn(page, name); a != nil && c.may(v, a) {
		return cell{Text: s.T(a.text + ".title"), URL: a.at(&target{page: page}, subject), Danger: a.danger, Label: label}
	}
	return cell{}
}

// actOn is the act of a page by its name; nil where there is none.
func (c *Console) actOn(page, name string) *act {
	if i := slices.IndexFunc(c.acts, func(a *act) bool { return a.of == page && a.name == name }); i >= 0 {
		return c.acts[i]
	}
	return nil
}

// ask shows the page of an act.
func (c *Console) ask(a *act) handlerFunc {
	return func(w http.ResponseWriter, r *http.Request, v *visit) error {
		t, err := c.target(r, a)
		if err != nil {
			return c.refused(w, r, r.URL.Path, "read target", err)
		}
		if answered, err := senseless(w, r, a, t); answered {
			return err
		}
		subject := strings.Join(r.URL.Query()[a.subject], " ")
		if a.several && subject == "" {
			return redirectDone(w, r, t.page, "nothing")
		}
		t.subject = subject
		if ident.Text(subject) != nil {
			return notFound(errors.New("the subject is not text"))
		}
		here := a.at(t, subject)
		if a.grave {
			if err := c.cfg.Accounts.FreshToAdminister(v.actor); err != nil {
				return c.refused(w, r, here, "show act", err)
			}
		}
		s := c.begin(w, r, v, a.text+".title")
		s.Up = link{URL: t.page, Label: t.name}
		said := []url.Values{r.URL.Query()}
		if a.about != nil {
			said = a.about(t)
		}
		for _, of := range said {
			one := c.sameAs(r, a.operation, strings.ReplaceAll(a.command, "{group}", quote(cmp.Or(subject, t.name))), of)
			s.Same.Commands, s.Same.Calls = append(s.Same.Commands, one.Commands...), append(s.Same.Calls, one.Calls...)
		}
		if t.name == "" {
			s.Up.Label = s.T(c.titleOf(t.page))
		}
		s.Lead = s.T(a.text+".text", "Subject", subject)
		f := &form{Method: "post", Action: here, Submit: s.Title, ID: "act-submit", Danger: a.danger, Back: t.page, Page: &s.Page}
		if a.subject != "" {
			s.Carry(a.subject, subject)
		}
		if a.fields != nil {
			if err := a.fields(c, v, t, s, f); err != nil {
				return err
			}
		}
		reason, err := s.Input("reason", v.typed("reason", ""), "label=console.reason", "hint=console.reason_hint", "required", "maxlength=200", "autocomplete=off")
		if err != nil {
			return err
		}
		reason.Wide = true
		f.Last = append(f.Last, ui.Select{Input: reason})
		s.Blocks = append(s.Blocks, block{Form: f})
		return c.render(w, s)
	}
}

// carryOut does what the page of an act says.
func (c *Console) carryOut(a *act) handlerFunc {
	return func(w http.ResponseWriter, r *http.Request, v *visit) error {
		t, err := c.target(r, a)
		if err != nil {
			return c.refused(w, r, r.URL.Path, "read target", err)
		}
		if answered, err := senseless(w, r, a, t); answered {
			return err
		}
		t.subject = r.PostForm.Get(a.subject)
		here := a.at(t, t.subject)
		reason := ident.Clean(r.PostForm.Get("reason"))
		if err := checkReason(reason); err != nil {
			return c.refused(w, r, here, "read reason", err)
		}
		written, err := a.do(c, w, r, v.actor.Because(reason), t)
		switch {
		case errors.Is(err, account.ErrUnchanged):
			return redirectDone(w, r, t.page, "unchanged")
		case err != nil:
			return c.refused(w, r, here, a.name, err)
		case written:
			return nil
		}
		return redirectDone(w, r, cmp.Or(t.after, t.page), "done")
	}
}

// maxReason bounds a reason, in characters.
const maxReason = 200

// checkReason keeps what is recorded on one line.
func checkReason(reason string) error {
	switch {
	case reason == "":
		return &account.FieldError{Field: "reason", Problem: account.Required}
	case utf8.RuneCountInString(reason) > maxReason:
		return &account.FieldError{Field: "reason", Problem: account.TooLong}
	case ident.Text(reason) != nil:
		return &account.FieldError{Field: "reason", Problem: account.Invalid, Cause: fmt.Errorf("reason: %w", ident.Text(reason))}
	}
	return nil
}
