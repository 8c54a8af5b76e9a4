package console

import (
	"errors"
	"fmt"
	"net/http"
	"time"

	"github.com/latchkey-id/latchkey/account"
	"github.com/latchkey-id/latchkey/admin"
	"github.com/latchkey-id/latchkey/admin/api"
	"github.com/latchkey-id/latchkey/interaction"
	"github.com/latchkey-id/latchkey/internal/web"
	"github.com/latchkey-id/latchkey/mfa"
	"github.com/latchkey-id/latchkey/storage"
	"github.com/latchkey-id/latchkey/ui/flash"
)

// visit is a request of somebody who administers.
type visit struct {
	*storage.SignedIn
	// actor is the person with their duties, and with what they showed.
	actor account.Actor
	may   admin.Authority
	// said is what the page says once.
	said flash.Message
}

// typed is what a field of the page holds: what was typed there before the form was
// refused, or else what it holds otherwise.
func (v *visit) typed(field, otherwise string) string {
	if v.said.Typed.Has(field) {
		return v.said.Typed.Get(field)
	}
	return otherwise
}

type handlerFunc func(http.ResponseWriter, *http.Request, *visit) error

// enter lets in who has a role that has the scope, and has shown the class that is
// wanted of administrators (requirement AD1). Whoever is not signed in does that first,
// and comes back to the page whatever form they sent; the way back is the page's own path,
// never an address that a request brings along (open redirect, requirement CS3). Those
// who may do nothing here are not asked for more: they are refused.
func (c *Console) enter(route route) web.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) error {
		signedIn, err := c.cfg.Flow.Session(r)
		if err != nil {
			return err
		}
		if signedIn == nil {
			return c.cfg.Flow.Ask(w, r, interaction.PageRequest{ReturnTo: r.URL.Path})
		}
		may := c.cfg.Policy.Themselves(signedIn.User.Roles)
		v := &visit{SignedIn: signedIn, may: may, actor: c.cfg.Flow.Actor(r, signedIn).Administering(may.Duties()).Proving(c.cfg.ACR)}
		if !may.Has(route.scope) {
			return c.deny(r, v, route)
		}
		if reached := c.cfg.Factors.Aged(signedIn.Session.Proofs, time.Time{}, c.cfg.Now()); !mfa.AtLeast(reached.ACR, c.cfg.ACR) {
			return c.cfg.Flow.Ask(w, r, interaction.PageRequest{ReturnTo: r.URL.Path, ACR: c.cfg.ACR})
		}
		if route.method == http.MethodGet {
			if err := c.recordRead(r, v, route, storage.Success, api.What(r)); err != nil {
				return err
			}
			if v.said, err = c.cfg.Flash.Read(r); err != nil {
				return err
			}
		}
		return route.handle(w, r, v)
	}
}

// recordRead writes that somebody looks at a page, before they do, or that they may not.
func (c *Console) recordRead(r *http.Request, v *visit, route route, outcome, more string) error {
	err := c.cfg.Accounts.RecordRead(r.Context(), v.actor, storage.ID(r.PathValue("person")), outcome, "console: "+route.operation+more)
	if err != nil {
		return web.Unavailable(err)
	}
	return nil
}

// deny refuses who lacks the scope. That somebody tried is an event.
func (c *Console) deny(r *http.Request, v *visit, route route) error {
	tried := fmt.Sprintf("console: %s %s without %s", route.method, route.path, route.scope)
	if route.method == http.MethodGet {
		if err := c.recordRead(r, v, route, storage.Failure, " without "+route.scope); err != nil {
			return err
		}
	} else if err := c.cfg.Accounts.Record(r.Context(), v.actor, storage.EventChangeRefused, "", storage.Failure, tried); err != nil {
		return web.Unavailable(err)
	}
	return denied(errors.New(tried))
}

// denied says that somebody may not do something.
func denied(cause error) error {
	return &web.Error{
		Status: http.StatusForbidden, Key: "console_denied", Title: "You can’t do this here",
		Detail: "Your account has no role that allows it. If you need one, ask an owner of this service.",
		Cause:  cause,
	}
}

// notFound says that there is nothing of a name.
func notFound(cause error) error {
	return &web.Error{
		Status: http.StatusNotFound, Key: "not_found", Title: "Page not found",
		Detail: "This page doesn’t exist. If you followed a link, it is out of date.", Cause: cause,
	}
}

// refused answers a change that did not happen. Where fresh proofs are missing the
// browser fetches them and comes back to the page (step-up, requirement FE1).
func (c *Console) refused(w http.ResponseWriter, r *http.Request, page, attempted string, err error) error {
	var stale *account.StaleError
	var shown *web.Error
	var used *account.InUseError
	if problems := append(problemsOf(err), problemsOfApp(err)...); len(problems) > 0 {
		return c.cfg.Flash.Refuse(w, r, page, flash.Message{Problems: problems})
	}
	switch {
	case errors.As(err, &shown):
		return err
	case errors.As(err, &stale):
		return c.cfg.Flow.Ask(w, r, interaction.PageRequest{ReturnTo: page, ACR: stale.Needs, Fresh: c.cfg.Accounts.FreshFor()})
	case errors.As(err, &used):
		return c.cfg.Flash.Refuse(w, r, page, flash.Message{Failure: "console.in_use"})
	case errors.Is(err, account.ErrClosed):
		return c.cfg.Flash.Refuse(w, r, page, flash.Message{Failure: "console.no_invitations"})
	case errors.Is(err, storage.ErrFull):
		return c.cfg.Flash.Refuse(w, r, page, flash.Message{Failure: "console.many_secrets"})
	case errors.Is(err, account.ErrForbidden):
		return denied(err)
	case errors.Is(err, account.ErrNobody), errors.Is(err, account.ErrNotFound), errors.Is(err, storage.ErrNotFound):
		return notFound(err)
	case errors.Is(err, account.ErrChanged), errors.Is(err, account.ErrVoid):
		return &web.Error{
			Status: http.StatusConflict, Key: "conflict", Title: "Something changed in the meantime",
			Detail: "Your account was changed in another window. Take a look, then try again.", Cause: err,
		}
	}
	return web.Unavailable(fmt.Errorf("%s: %w", attempted, err))
}

// fieldTexts are what forms say of fields that are not what they should be.
var fieldTexts = map[string]string{
	"email": "wrong.email", "reason": "wrong.attribute", "confirm": "wrong.confirm", "username": "wrong.username", "website": "wrong.url", "picture": "wrong.url", "profile": "wrong.url",
	"birthdate": "wrong.date", "locale": "wrong.locale", "zoneinfo": "wrong.zoneinfo",
}

// problemsOf are what a form says where the account service did not take what was
// typed; none where its error is about something else.
func problemsOf(err error) []flash.Problem {
	var field *account.FieldError
	switch {
	case errors.As(err, &field):
		text, known := fieldTexts[field.Field]
		switch {
		case field.Problem == account.Required:
			text = "wrong.required"
		case field.Problem == account.TooLong:
			text = "wrong.long"
		case field.Field == "email" && field.Problem == account.Same && !errors.Is(err, account.ErrTaken):
			text = "wrong.email_same"
		case field.Field == "username" && field.Problem == account.Same:
			text = "wrong.username_taken"
		case field.Field == "client_id" && field.Problem == account.Same, field.Field == "email" && errors.Is(err, account.ErrTaken):
			text = "console.taken"
		case !known:
			text = "wrong.attribute"
		}
		return []flash.Problem{{Field: field.Field, Text: text}}
	case errors.Is(err, account.ErrTaken):
		return []flash.Problem{{Field: "username", Text: "wrong.username_taken"}, {Field: "name", Text: "console.taken"}}
	case errors.Is(err, account.ErrNoGroup):
		return []flash.Problem{{Field: "group", Text: "wrong.attribute"}}
	}
	return nil
}
