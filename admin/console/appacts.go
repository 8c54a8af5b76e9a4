package console

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"time"

	"github.com/latchkey-id/latchkey/account"
	"github.com/latchkey-id/latchkey/client/registration"
	"github.com/latchkey-id/latchkey/internal/ident"
	"github.com/latchkey-id/latchkey/storage"
	"github.com/latchkey-id/latchkey/ui"
)

// secretPath shows a client's secret that was just made.
const secretPath = appPath + "/secret"

// appActs is the one list of what is done to applications. What a file owns is changed
// there: but for the lockdown, they are about those of the database.
func appActs() []*act {
	all := []*act{
		{
			of: appsPath, name: "new", text: "console.new_app", operation: "clients.create", grave: true, fields: newAppFields, do: createApp,
		},
		{
			name: "edit", text: "console.edit_app", operation: "clients.replace", grave: true, fields: editAppFields, app: written, do: changeApp,
		},
		{
			name: "add-secret", text: "console.add_secret", operation: "clients.add_secret", grave: true,
			fields: keepOthersField, app: written, do: addAppSecret,
		},
		{
			name: "lockdown", text: "console.lock_app", operation: "clients.lock_down", command: "lockdown --client {client} --reason …", danger: true, grave: true,
			app: func(t *target) bool { return t.Locked.IsZero() },
			do: func(c *Console, _ http.ResponseWriter, r *http.Request, by account.Actor, t *target) (bool, error) {
				_, err := c.cfg.Accounts.LockClient(r.Context(), by, t.name, "")
				return false, unchangedOn(account.ErrConflict, err)
			},
		},
		{
			name: "undo-lockdown", text: "console.unlock_app", operation: "clients.undo_lockdown", command: "lockdown --client {client} --undo --reason …", grave: true,
			app: func(t *target) bool { return !t.Locked.IsZero() },
			do: func(c *Console, _ http.ResponseWriter, r *http.Request, by account.Actor, t *target) (bool, error) {
				return false, unchangedOn(account.ErrNotFound, c.cfg.Accounts.UnlockClient(r.Context(), by, t.name, ""))
			},
		},
		{
			name: "delete", text: "console.delete_app", operation: "clients.delete", command: "client delete {client}", danger: true, grave: true,
			app: func(t *target) bool { return t.Row != nil }, do: deleteApp,
		},
	}
	for _, a := range all {
		a.of = cmp.Or(a.of, appPath)
	}
	return all
}

// written is an application that an administrator wrote down, and not it itself.
func written(t *target) bool { return t.Row != nil && t.Row.Source == storage.ClientByAdministrator }

// unchangedOn is an error as one that says that it is so already.
func unchangedOn(meant, err error) error {
	if errors.Is(err, meant) {
		return account.ErrUnchanged
	}
	return err
}

// app reads what application the address names: what is served of it, its row where it is
// one of the database, and since when it is locked down.
func (c *Console) app(ctx context.Context, id string) (*target, error) {
	if ident.Text(id) != nil {
		return nil, notFound(errors.New("the id is not text"))
	}
	t := &target{page: appAt(id), name: id}
	for _, x := range c.cfg.Clients.All() {
		if x.ID == id {
			t.Client = x
		}
	}
	if t.Client == nil {
		row, err := c.cfg.Stored.ByID(ctx, id)
		if errors.Is(err, storage.ErrNotFound) {
			return nil, notFound(err)
		}
		if err != nil {
			return nil, err
		}
		if t.Client, err = c.cfg.Stored.Read(row); err != nil {
			return nil, err
		}
		t.Row = row
	}
	locked, err := c.cfg.Locked.List(ctx)
	for _, l := range locked {
		if l.ClientID == id {
			t.Locked = l.LockedAt
		}
	}
	return t, err
}

// appLinks lead to what the visitor may do to an application, or to make one.
func (c *Console) appLinks(v *visit, s *screen, t *target) []link {
	var links []link
	for _, a := range appActs() {
		if (a.of == appsPath) == (t.Client == nil) && v.may.Has(c.scopeOf(a.operation)) && (a.app == nil || a.app(t)) {
			links = append(links, link{ID: "act-" + a.name, URL: a.at(t, ""), Label: s.T(a.text + ".title"), Danger: a.danger})
		}
	}
	return links
}

func createApp(c *Console, w http.ResponseWriter, r *http.Request, by account.Actor, t *target) (bool, error) {
	id := ident.Clean(r.PostForm.Get("client_id"))
	if _, err := c.app(r.Context(), id); id != "" && err == nil {
		return false, &account.FieldError{Field: "client_id", Problem: account.Same}
	}
	if id != "" && !isChosenID(id) {
		return false, &account.FieldError{Field: "client_id", Problem: account.Invalid}
	}
	metadata, err := metadataOf(r)
	if err != nil {
		return false, err
	}
	e, err := c.cfg.Accounts.BeginClient(r.Context(), by, storage.EventClientRegistered)
	if err != nil {
		return false, err
	}
	made, err := c.cfg.Registrar.Create(r.Context(), id, metadata, e)
	return c.wroteApp(w, r, t, made, err)
}

func changeApp(c *Console, w http.ResponseWriter, r *http.Request, by account.Actor, t *target) (bool, error) {
	if err := current(r, t); err != nil {
		return false, err
	}
	metadata, err := metadataOf(r)
	if err != nil {
		return false, err
	}
	e, err := c.cfg.Accounts.BeginClient(r.Context(), by, storage.EventClientChanged)
	if err != nil {
		return false, err
	}
	made, err := c.cfg.Registrar.Change(r.Context(), t.Row, metadata, e)
	return c.wroteApp(w, r, t, made, err)
}

// current answers ErrChanged where the form is of another version than there is now
// (lost update).
func current(r *http.Request, t *target) error {
	if r.PostForm.Get("version") != strconv.FormatInt(t.Row.Version, 10) {
		return account.ErrChanged
	}
	return nil
}

func addAppSecret(c *Console, w http.ResponseWriter, r *http.Request, by account.Actor, t *target) (bool, error) {
	keep := time.Duration(-1)
	if typed := r.PostForm.Get("keep_others"); typed != "" {
		hours, err := strconv.Atoi(typed)
		if err != nil || hours < 0 || hours > 24*365 {
			return false, &account.FieldError{Field: "keep_others", Problem: account.Invalid}
		}
		keep = time.Duration(hours) * time.Hour
	}
	e, err := c.cfg.Accounts.BeginClient(r.Context(), by, storage.EventClientChanged)
	if err != nil {
		return false, err
	}
	e.Detail = "a secret was added: " + e.Detail
	made, err := c.cfg.Registrar.AddSecret(r.Context(), t.Row, keep, e)
	return c.wroteApp(w, r, t, made, err)
}

// wroteApp goes on to the page of an application that was written, by way of its new
// secret where it has one.
func (c *Console) wroteApp(w http.ResponseWriter, r *http.Request, t *target, made *registration.Registered, err error) (bool, error) {
	if errors.Is(err, storage.ErrConflict) {
		return false, fmt.Errorf("%w: %w", account.ErrChanged, err)
	}
	if err != nil {
		return false, err
	}
	t.after = appAt(made.Client.ID)
	if made.Secret == "" {
		return false, nil
	}
	return true, c.cfg.Flash.Hand(w, r, t.after+"/secret", made.Secret)
}

// showSecretOf shows a secret that an application was just given.
func (c *Console) showSecretOf(r *http.Request, _ *visit, s *screen) error {
	t, err := c.app(r.Context(), r.PathValue("client"))
	if err != nil {
		return err
	}
	s.Up = link{URL: t.page, Label: nameOf(t.Client)}
	c.showSecret(r, s, "console.secret", s.T("console.secret_once"))
	return nil
}

func deleteApp(c *Console, _ http.ResponseWriter, r *http.Request, by account.Actor, t *target) (bool, error) {
	e, err := c.cfg.Accounts.BeginClient(r.Context(), by, storage.EventClientDeleted)
	if err != nil {
		return false, err
	}
	t.after = appsPath
	return false, c.cfg.Registrar.Remove(r.Context(), t.Row.ID, t.Row.Version, e)
}

// keepOthersField asks until when the other secrets work.
func keepOthersField(_ *Console, v *visit, _ *target, s *screen, f *form) error {
	f.Any = s.T("console.keep_on")
	field, err := s.Select("keep_others", v.typed("keep_others", ""), []ui.Option{
		{Value: "0", Label: s.T("console.keep_none")}, {Value: "24", Label: s.Duration(24 * time.Hour)}, {Value: "168", Label: s.Duration(7 * 24 * time.Hour)},
	}, "label=console.keep_others", "autocomplete=off")
	f.Fields = append(f.Fields, field)
	return err
}
