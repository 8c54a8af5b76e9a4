package api

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/latchkey-id/latchkey/account"
	"github.com/latchkey-id/latchkey/admin"
	"github.com/latchkey-id/latchkey/client"
	"github.com/latchkey-id/latchkey/client/registration"
	"github.com/latchkey-id/latchkey/storage"
)

// StoredClients reads the clients of the database.
type StoredClients interface {
	// ByID answers storage.ErrNotFound.
	ByID(ctx context.Context, id string) (*storage.Client, error)
	List(ctx context.Context, after string, limit int) ([]storage.Client, error)
	// Read makes a client of a row.
	Read(row *storage.Client) (*client.Client, error)
}

// Registrar writes the clients of the database; client/registration.Registrar in the binary.
type Registrar interface {
	Create(ctx context.Context, id string, metadata []byte, e storage.Event) (*registration.Registered, error)
	Change(ctx context.Context, was *storage.Client, metadata []byte, e storage.Event) (*registration.Registered, error)
	AddSecret(ctx context.Context, was *storage.Client, keepOthers time.Duration, e storage.Event) (*registration.Registered, error)
	Remove(ctx context.Context, id string, version int64, e storage.Event) error
}

type newClient struct {
	ID       string         `json:"client_id,omitempty" minLength:"1" maxLength:"128" pattern:"^[A-Za-z0-9._~-]+$" doc:"Chosen at random where it is absent."`
	Metadata map[string]any `json:"metadata" doc:"What is registered, in the names of RFC 7591, and our extensions as docs/registration.md has them."`
}

type createClientInput struct {
	Idempotent
	Body newClient
}

// ClientMade is an application with what is told of it once.
type ClientMade struct {
	Client
	Secret string `json:"client_secret,omitempty" doc:"It is kept nowhere: only its hash is."`
}

type clientMadeOutput struct {
	ETag     string `header:"ETag"`
	Location string `header:"Location"`
	Body     ClientMade
}

// newOutputOf shows what was made of a client.
func (a *API) newOutputOf(ctx context.Context, made *registration.Registered) (*clientMadeOutput, error) {
	shown, err := a.showClient(ctx, &ClientPath{made.Client.ID}) // as it is kept, to the microsecond
	if err != nil {
		return nil, err
	}
	return &clientMadeOutput{
		ETag: shown.ETag, Location: a.cfg.Issuer + Prefix + "/clients/" + made.Client.ID, Body: ClientMade{Client: shown.Body, Secret: made.Secret},
	}, nil
}

func (a *API) createClient(ctx context.Context, in *createClientInput) (*clientMadeOutput, error) {
	return once(ctx, a, "clients.create", in.Idempotent, in.Body, func() (*clientMadeOutput, error) {
		if a.inFile(in.Body.ID) != nil {
			return nil, a.ownedByFile(in.Body.ID)
		}
		metadata, err := a.writable(ctx, in.Body.Metadata, nil)
		if err != nil {
			return nil, err
		}
		e, err := a.cfg.Accounts.BeginClient(ctx, callerOf(ctx).actor, storage.EventClientRegistered)
		if err != nil {
			return nil, err
		}
		made, err := a.cfg.Registrar.Create(ctx, in.Body.ID, metadata, e)
		if err != nil {
			return nil, clientProblem(err)
		}
		return a.newOutputOf(ctx, made)
	})
}

type replaceClientInput struct {
	ClientPath
	Conditional
	Body struct {
		Metadata map[string]any `json:"metadata" doc:"As for a new one."`
	}
}

func (a *API) replaceClient(ctx context.Context, in *replaceClientInput) (*clientMadeOutput, error) {
	shown, c, row, err := a.changeable(ctx, in.Client, &in.Conditional)
	if err != nil {
		return nil, err
	}
	if c.Registered() {
		return nil, huma.NewError(http.StatusConflict, "it registered itself, and says itself what it is: delete it, or make another")
	}
	_ = shown
	metadata, err := a.writable(ctx, in.Body.Metadata, c)
	if err != nil {
		return nil, err
	}
	e, err := a.cfg.Accounts.BeginClient(ctx, callerOf(ctx).actor, storage.EventClientChanged)
	if err != nil {
		return nil, err
	}
	made, err := a.cfg.Registrar.Change(ctx, row, metadata, e)
	if err != nil {
		return nil, clientProblem(err)
	}
	return a.newOutputOf(ctx, made)
}

type addClientSecretInput struct {
	ClientPath
	Idempotent
	Body struct {
		KeepOthersFor *int64 `json:"keep_others_for,omitempty" minimum:"0" maximum:"31536000" doc:"For how many seconds its other secrets still work. Absent: for as long as they did."`
	}
}

func (a *API) addClientSecret(ctx context.Context, in *addClientSecretInput) (*clientMadeOutput, error) {
	asked := struct {
		Client string
		Body   any
	}{in.Client, in.Body}
	return once(ctx, a, "clients.add_secret", in.Idempotent, asked, func() (*clientMadeOutput, error) {
		_, c, row, err := a.changeable(ctx, in.Client, &Conditional{})
		if err == nil {
			err = a.mayAdministerBy(ctx, c.Metadata)
		}
		if err != nil {
			return nil, err
		}
		keep := time.Duration(-1)
		if in.Body.KeepOthersFor != nil {
			keep = time.Duration(*in.Body.KeepOthersFor) * time.Second
		}
		e, err := a.cfg.Accounts.BeginClient(ctx, callerOf(ctx).actor, storage.EventClientChanged)
		if err != nil {
			return nil, err
		}
		e.Detail = because(e.Detail, "a secret was added")
		made, err := a.cfg.Registrar.AddSecret(ctx, row, keep, e)
		if err != nil {
			return nil, clientProblem(err)
		}
		return a.newOutputOf(ctx, made)
	})
}

// because is the detail of an event that began with a reason; empty: nobody gave one.
func because(reason, detail string) string {
	if reason == "" {
		return detail
	}
	return reason + ": " + detail
}

type deleteClientInput struct {
	ClientPath
	Conditional
}

func (a *API) deleteClient(ctx context.Context, in *deleteClientInput) (*nothing, error) {
	_, c, row, err := a.changeable(ctx, in.Client, &in.Conditional)
	if err == nil {
		err = a.mayAdministerBy(ctx, c.Metadata)
	}
	if err != nil {
		return nil, err
	}
	e, err := a.cfg.Accounts.BeginClient(ctx, callerOf(ctx).actor, storage.EventClientDeleted)
	if err != nil {
		return nil, err
	}
	return done(a.cfg.Registrar.Remove(ctx, row.ID, row.Version, e))
}

// storedClient is a client of the database.
func (a *API) storedClient(ctx context.Context, id string) (*Client, *client.Client, *storage.Client, error) {
	if !client.IsID(id) {
		return nil, nil, nil, client.ErrUnknown
	}
	row, err := a.cfg.Stored.ByID(ctx, id)
	if err != nil {
		return nil, nil, nil, err
	}
	c, err := a.cfg.Stored.Read(row)
	if err != nil {
		return nil, nil, nil, err
	}
	shown := storedOf(c, row)
	return &shown, c, row, nil
}

// changeable is a client of the database that is as the caller read it.
func (a *API) changeable(ctx context.Context, id string, on *Conditional) (*Client, *client.Client, *storage.Client, error) {
	if a.inFile(id) != nil {
		return nil, nil, nil, a.ownedByFile(id)
	}
	shown, c, row, err := a.storedClient(ctx, id)
	if err != nil {
		return nil, nil, nil, err
	}
	out, err := outputOf(c, *shown)
	if err != nil {
		return nil, nil, nil, err
	}
	return shown, c, row, on.check(out.Body)
}

// ownedByFile refuses a change of what a file says, and names the place.
func (a *API) ownedByFile(id string) error {
	place := a.cfg.Places[id]
	if place == "" {
		place = "the configuration"
	}
	return huma.NewError(http.StatusConflict, "a file has this client: change it there ("+place+")")
}

// writable is metadata that the caller may write: whoever may write clients would
// otherwise make one that administers (privilege escalation, requirement AD1). was is
// what it is now; nil: it is new.
func (a *API) writable(ctx context.Context, metadata map[string]any, was *client.Client) ([]byte, error) {
	text, err := json.Marshal(metadata)
	if err != nil {
		return nil, fmt.Errorf("read metadata: %w", err)
	}
	var m client.Metadata
	if err := json.Unmarshal(text, &m); err != nil {
		m = client.Metadata{} // it is refused for that
	}
	if was != nil {
		if err := a.mayAdministerBy(ctx, was.Metadata); err != nil {
			return nil, err
		}
	}
	return text, a.mayAdministerBy(ctx, m)
}

// mayAdministerBy keeps clients by which one administers or provisions to owners.
func (a *API) mayAdministerBy(ctx context.Context, m client.Metadata) error {
	administers := slices.ContainsFunc(slices.Concat(m.Scopes, m.Resources, m.Audience), admin.Grants) ||
		slices.ContainsFunc(m.TokenExchange, func(r client.ExchangeRule) bool { return slices.ContainsFunc(r.Resources, admin.Grants) }) ||
		slices.ContainsFunc(m.TrustedSubjects, func(t client.TrustedSubject) bool { return slices.ContainsFunc(t.Resources, admin.Grants) })
	if !administers || callerOf(ctx).may.Has(admin.ScopeOwner) {
		return nil
	}
	detail := "admin API: a client with scopes of administration without " + admin.ScopeOwner
	if err := a.cfg.Accounts.Record(ctx, callerOf(ctx).actor, storage.EventChangeRefused, "", storage.Failure, detail); err != nil {
		return err
	}
	return fmt.Errorf("%s: %w", detail, account.ErrForbidden)
}

// clientProblem is what a caller is told of why a client was not written.
func clientProblem(err error) error {
	refused := (*registration.Error)(nil)
	switch {
	case errors.As(err, &refused):
		details := make([]error, len(refused.Problems))
		for i, p := range refused.Problems {
			details[i] = &huma.ErrorDetail{Message: p.Message, Location: strings.TrimSuffix("body.metadata."+p.Field, ".")}
		}
		return huma.NewError(http.StatusUnprocessableEntity, "the metadata is not taken", details...)
	case errors.Is(err, storage.ErrConflict):
		return huma.NewError(http.StatusConflict, "the client_id is taken, or the client was changed meanwhile")
	case errors.Is(err, storage.ErrFull):
		return huma.NewError(http.StatusConflict, fmt.Sprintf("it has %d secrets that are valid: let the others end", registration.MaxSecrets))
	}
	return err
}
