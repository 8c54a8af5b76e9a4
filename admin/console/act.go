package console

import (
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"unicode/utf8"

	"github.com/latchkey-id/latchkey/account"
	"github.com/latchkey-id/latchkey/internal/ident"
	"github.com/latchkey-id/latchkey/storage"
	"github.com/latchkey-id/latchkey/ui"
)

// act is something that is done to a person, on a page of its own that says what will
// happen: GET shows and changes nothing, POST does it. It is the one row from which its
// routes, what it takes, its link on the page of a person and its tests follow.
type act struct {
	// name ends its address.
	name string
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
	// offered says of whom it makes sense; nil is everybody.
	offered func(c *Console, u *storage.User) bool
	// fields are asked for besides the reason; nil is none.
	fields func(c *Console, v *visit, u *storage.User, s *screen, f *form) error
	// do makes it so. It may answer itself, where written is true.
	do func(c *Console, w http.ResponseWriter, r *http.Request, by account.Actor, u *storage.User) (written bool, err error)
}

// personPath is the page of a person.
const personPath = Root + "/people/{person}"

// pathOf is where the page of a person is.
func pathOf(id storage.ID) string { return Root + "/people/" + string(id) }

func (a *act) path() string { return personPath + "/" + a.name }

// at is the address of the act for a person, and for a subject where it has one.
func (a *act) at(u *storage.User, subject string) string {
	address := pathOf(u.ID) + "/" + a.name
	if a.subject != "" {
		address += "?" + url.Values{a.subject: {subject}}.Encode()
	}
	return address
}

// simply is an act that is one method of the account service.
func simply(do func(c *Console, r *http.Request, by account.Actor, u *storage.User) error) func(*Console, http.ResponseWriter, *http.Request, account.Actor, *storage.User) (bool, error) {
	return func(c *Console, _ http.ResponseWriter, r *http.Request, by account.Actor, u *storage.User) (bool, error) {
		return false, do(c, r, by, u)
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

// ask shows the page of an act.
func (c *Console) ask(a *act) handlerFunc {
	return func(w http.ResponseWriter, r *http.Request, v *visit) error {
		u, err := c.person(r)
		if err != nil {
			return c.refused(w, r, r.URL.Path, "read person", err)
		}
		subject := r.URL.Query().Get(a.subject)
		if ident.Text(subject) != nil {
			return notFound(errors.New("the subject is no text"))
		}
		here := a.at(u, subject)
		if a.grave {
			if err := c.cfg.Accounts.FreshToAdminister(v.actor); err != nil {
				return c.refused(w, r, here, "show act", err)
			}
		}
		s := c.begin(w, r, v, a.text+".title")
		s.Up, s.Same = link{"", pathOf(u.ID), called(u)}, c.sameAs(r, a.operation, a.command, r.URL.Query())
		s.Lead = s.T(a.text+".text", "Subject", subject)
		f := &form{Method: "post", Action: here, Submit: s.Title, ID: "act-submit", Danger: a.danger, Back: pathOf(u.ID), Page: &s.Page}
		if a.subject != "" {
			s.Carry(a.subject, subject)
		}
		if a.fields != nil {
			if err := a.fields(c, v, u, s, f); err != nil {
				return err
			}
		}
		reason, err := s.Input("reason", v.typed("reason", ""), "label=console.reason", "hint=console.reason_hint", "required", "maxlength=200", "autocomplete=off")
		if err != nil {
			return err
		}
		reason.Wide = true
		f.Fields = append(f.Fields, ui.Select{Input: reason})
		s.Blocks = append(s.Blocks, block{Form: f})
		return c.render(w, s)
	}
}

// carryOut does what the page of an act says.
func (c *Console) carryOut(a *act) handlerFunc {
	return func(w http.ResponseWriter, r *http.Request, v *visit) error {
		u, err := c.person(r)
		if err != nil {
			return c.refused(w, r, r.URL.Path, "read person", err)
		}
		here := a.at(u, r.PostForm.Get(a.subject))
		reason := ident.Clean(r.PostForm.Get("reason"))
		if err := checkReason(reason); err != nil {
			return c.refused(w, r, here, "read reason", err)
		}
		written, err := a.do(c, w, r, v.actor.Because(reason), u)
		switch {
		case errors.Is(err, account.ErrUnchanged):
			return redirectDone(w, r, pathOf(u.ID), "unchanged")
		case err != nil:
			return c.refused(w, r, here, a.name, err)
		case written:
			return nil
		}
		return redirectDone(w, r, pathOf(u.ID), "done")
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
