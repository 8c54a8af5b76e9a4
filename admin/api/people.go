package api

import (
	"context"
	"net/http"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/latchkey-id/latchkey/account"
	"github.com/latchkey-id/latchkey/admin"
	"github.com/latchkey-id/latchkey/storage"
)

func peopleOperations() []operation {
	return []operation{
		row(operation{
			id: "people.list", method: http.MethodGet, path: "/people", scope: admin.ScopePeopleRead, status: http.StatusOK,
			does: "List people, or search them",
			more: "At most one of `q`, `role`, `group` and `state` narrows the list.", statuses: []int{http.StatusNotFound},
		}, (*API).listPeople),
		row(operation{
			id: "people.create", method: http.MethodPost, path: "/people", scope: admin.ScopePeopleWrite, status: http.StatusCreated,
			does:     "Make an account",
			more:     "It has no password: send a link with people.reset_password.",
			statuses: []int{http.StatusConflict},
		}, (*API).createPerson),
		row(operation{
			id: "people.show", method: http.MethodGet, path: "/people/{person}", scope: admin.ScopePeopleRead, status: http.StatusOK,
			does: "Show a person",
		}, (*API).showPerson),
		row(operation{
			id: "people.edit", method: http.MethodPatch, path: "/people/{person}", scope: admin.ScopePeopleWrite, status: http.StatusOK,
			does:     "Change a person",
			more:     "What is not named stays as it is. A new address is told to the old one, with a link that undoes it.",
			statuses: []int{http.StatusConflict, http.StatusPreconditionFailed},
		}, (*API).editPerson),
		row(operation{
			id: "people.delete", method: http.MethodDelete, path: "/people/{person}", scope: admin.ScopePeopleWrite, status: http.StatusAccepted,
			does:     "Delete an account",
			more:     "All access ends now; the account is deleted when account.deletion_grace is over, unless it is kept.",
			statuses: []int{http.StatusPreconditionFailed},
		}, (*API).deletePerson),
	}
}

// PersonPath names a person.
type PersonPath struct {
	Person string `path:"person" pattern:"^[0-9a-f]{32}$" doc:"Their id."`
}

func (p *PersonPath) id() storage.ID { return storage.ID(p.Person) }

type personOutput struct {
	ETag     string `header:"ETag"`
	Location string `header:"Location"`
	Body     Person
}

// personOutputOf shows a person with their validator.
func (a *API) personOutputOf(ctx context.Context, u *storage.User) (*personOutput, error) {
	out := &personOutput{Body: *a.show(callerOf(ctx), u)}
	var err error
	out.ETag, err = etagOf(out.Body)
	return out, err
}

type listPeopleInput struct {
	PageParams
	Query string `query:"q" maxLength:"254" doc:"Begins their email address or username, in any case."`
	Role  string `query:"role" maxLength:"64" doc:"Has this role, themselves or by a group."`
	Group string `query:"group" maxLength:"128" doc:"Is in the group of this name."`
	State string `query:"state" enum:"disabled" doc:"Is disabled."`
}

func (a *API) listPeople(ctx context.Context, in *listPeopleInput) (*pageOutput[Person], error) {
	after, err := in.place()
	if err != nil {
		return nil, err
	}
	given := 0
	for name, value := range map[string]string{"q": in.Query, "role": in.Role, "group": in.Group, "state": in.State} {
		if err := line("query."+name, value); err != nil {
			return nil, err
		}
		if value != "" {
			given++
		}
	}
	if given > 1 {
		return nil, huma.NewError(http.StatusUnprocessableEntity, "one of q, role, group and state narrows the list")
	}
	if in.Group != "" {
		return a.peopleOfGroup(ctx, in.Group, after, in.Limit)
	}
	found, err := a.cfg.Users.Search(ctx, storage.PeopleFilter{
		Prefix: in.Query, Role: in.Role, Disabled: in.State == "disabled", After: after, Limit: in.Limit + 1,
	})
	if err != nil {
		return nil, err
	}
	who := callerOf(ctx)
	return pageOf(found, in.Limit, func(f *storage.FoundUser) string { return f.Key }, func(f *storage.FoundUser) Person { return *a.show(who, &f.User) }), nil
}

// peopleOfGroup reads the members one by one: a page of them is few.
func (a *API) peopleOfGroup(ctx context.Context, name, after string, limit int) (*pageOutput[Person], error) {
	g, err := a.cfg.Groups.ByName(ctx, name)
	if err != nil {
		return nil, err
	}
	members, err := a.cfg.Memberships.Members(ctx, g.ID, storage.ID(after), limit+1)
	if err != nil {
		return nil, err
	}
	found := make([]storage.User, len(members))
	for i, m := range members {
		u, err := a.cfg.Users.ByID(ctx, m.UserID)
		if err != nil {
			return nil, err
		}
		found[i] = *u
	}
	who := callerOf(ctx)
	return pageOf(found, limit, func(u *storage.User) string { return string(u.ID) }, func(u *storage.User) Person { return *a.show(who, u) }), nil
}

type newPerson struct {
	Email         string         `json:"email,omitempty" maxLength:"254" doc:"This or username is needed."`
	EmailVerified bool           `json:"email_verified,omitempty" doc:"Whether you know that the address is theirs."`
	Username      string         `json:"username,omitempty" maxLength:"64"`
	Phone         string         `json:"phone,omitempty" maxLength:"20" doc:"E.164."`
	PhoneVerified bool           `json:"phone_verified,omitempty"`
	Profile       *Profile       `json:"profile,omitempty"`
	Attributes    map[string]any `json:"attributes,omitempty"`
}

type createPersonInput struct {
	Idempotent
	Body newPerson
}

func (a *API) createPerson(ctx context.Context, in *createPersonInput) (*personOutput, error) {
	return once(ctx, a, "people.create", in.Idempotent, in.Body, func() (*personOutput, error) {
		made := account.NewAccount{
			Email: in.Body.Email, EmailVerified: in.Body.EmailVerified, Username: in.Body.Username,
			Phone: in.Body.Phone, PhoneVerified: in.Body.PhoneVerified, Attributes: in.Body.Attributes,
		}
		if in.Body.Profile != nil {
			if err := in.Body.Profile.applyTo(&made.Profile); err != nil {
				return nil, err
			}
		}
		u, err := a.cfg.Accounts.Create(ctx, callerOf(ctx).actor, made)
		if err != nil {
			return nil, err
		}
		out, err := a.showPerson(ctx, &PersonPath{string(u.ID)}) // as it is kept, to the microsecond
		if err == nil {
			out.Location = a.cfg.Issuer + Prefix + "/people/" + string(u.ID)
		}
		return out, err
	})
}

func (a *API) showPerson(ctx context.Context, in *PersonPath) (*personOutput, error) {
	u, err := a.cfg.Users.ByID(ctx, in.id())
	if err != nil {
		return nil, err
	}
	return a.personOutputOf(ctx, u)
}

type editPersonInput struct {
	PersonPath
	Conditional
	Body struct {
		Email         *string        `json:"email,omitempty" maxLength:"254" doc:"Another address; it counts as verified where email_verified is true."`
		EmailVerified *bool          `json:"email_verified,omitempty" doc:"Whether you know that the address is theirs; it can be set to true alone."`
		Username      *string        `json:"username,omitempty" maxLength:"64" doc:"An empty text takes it away."`
		Profile       *Profile       `json:"profile,omitempty"`
		Attributes    map[string]any `json:"attributes,omitempty" doc:"Values by their names; null takes one away."`
	}
}

// editPerson makes all changes or none, and compares what the caller read with the write.
func (a *API) editPerson(ctx context.Context, in *editPersonInput) (*personOutput, error) {
	u, err := a.cfg.Users.ByID(ctx, in.id())
	if err != nil {
		return nil, err
	}
	by := callerOf(ctx)
	edit := account.Edit{
		Email: in.Body.Email, Username: in.Body.Username, Attributes: in.Body.Attributes, If: a.ifPerson(by, &in.Conditional),
	}
	if verified := in.Body.EmailVerified; verified != nil {
		edit.EmailVerified = *verified
		if !*verified && u.EmailVerified && (in.Body.Email == nil || *in.Body.Email == u.Email) {
			return nil, &account.FieldError{Field: "email_verified", Problem: account.Invalid, Cause: errNotUnverified}
		}
	}
	if in.Body.Profile != nil {
		profile := u.Profile
		if err := in.Body.Profile.applyTo(&profile); err != nil {
			return nil, err
		}
		edit.Profile = &profile
	}
	if err := a.cfg.Accounts.Edit(ctx, by.actor, u.ID, edit); err != nil {
		return nil, err
	}
	return a.showPerson(ctx, &in.PersonPath)
}

// ifPerson is the condition of the request on a person, which is judged with the write;
// nil: there is none.
func (a *API) ifPerson(by *caller, on *Conditional) func(*storage.User) error {
	if on.IfMatch == "" {
		return nil
	}
	return func(u *storage.User) error { return on.check(a.show(by, u)) }
}

type deletePersonInput struct {
	PersonPath
	Conditional
}

type deletionOutput struct {
	Body struct {
		DeleteAt time.Time `json:"delete_at" doc:"When the account is deleted, unless it is kept."`
	}
}

func (a *API) deletePerson(ctx context.Context, in *deletePersonInput) (*deletionOutput, error) {
	who := callerOf(ctx)
	at, err := a.cfg.Accounts.PlanDeletionIf(ctx, who.actor, in.id(), a.ifPerson(who, &in.Conditional))
	if err != nil {
		return nil, err
	}
	out := &deletionOutput{}
	out.Body.DeleteAt = at.UTC()
	return out, nil
}
