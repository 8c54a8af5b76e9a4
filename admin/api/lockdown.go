package api

import (
	"context"
	"errors"
	"net/http"

	"github.com/latchkey-id/latchkey/account"
	"github.com/latchkey-id/latchkey/admin"
	"github.com/latchkey-id/latchkey/storage"
)

func lockdownOperations() []operation {
	return []operation{
		row(operation{
			id: "people.lock_down", method: http.MethodPost, path: "/people/{person}/lockdown", scope: admin.ScopeHelpDesk, status: http.StatusOK,
			does: "Shut an account that is in wrong hands",
			more: "Sessions, grants, trusted devices, pending changes and links end, applications are told, and nobody signs in until the account is recovered. One who is locked down stays so.",
		}, (*API).lockDown),
		row(operation{
			id: "people.undo_lockdown", method: http.MethodPost, path: "/people/{person}/undo-lockdown", scope: admin.ScopePeopleWrite, status: http.StatusNoContent,
			does: "Open an account that was locked down by mistake",
			more: "Within account.lockdown_undo; one who is not locked down, or whose time is over, stays as they are.",
		}, (*API).undoLockdown),
		row(operation{
			id: "clients.lock_down", method: http.MethodPost, path: "/clients/{client}/lockdown", scope: admin.ScopeOwner, status: http.StatusOK,
			does: "Shut an application that is in wrong hands",
			more: "Its grants and tokens end, it is told of each session that signed in to it, and it is not served until the lockdown is undone. One that is locked down stays so.",
		}, (*API).lockClientDown),
		row(operation{
			id: "clients.undo_lockdown", method: http.MethodPost, path: "/clients/{client}/undo-lockdown", scope: admin.ScopeOwner, status: http.StatusNoContent,
			does: "Serve an application again that was locked down",
			more: "Give it another secret first. What ended has ended; one that is not locked down stays as it is.",
		}, (*API).undoClientLockdown),
	}
}

type lockDownInput struct {
	PersonPath
	Body struct {
		Why
		Held bool `json:"help_desk_only,omitempty" doc:"The mailbox is in wrong hands too: only a link that an administrator makes opens the account again."`
	}
}

type holdingsOutput struct{ Body storage.Holdings }

func (a *API) lockDown(ctx context.Context, in *lockDownInput) (*holdingsOutput, error) {
	if err := line("body.reason", in.Body.Reason); err != nil {
		return nil, err
	}
	order := account.LockdownOrder{Held: in.Body.Held, Reason: in.Body.Reason}
	ended, err := a.cfg.Accounts.Lockdown(ctx, callerOf(ctx).actor, in.id(), order)
	if err != nil && !errors.Is(err, account.ErrUnchanged) {
		return nil, err
	}
	return &holdingsOutput{ended}, nil
}

func (a *API) undoLockdown(ctx context.Context, in *whyInput) (*nothing, error) {
	reason, err := in.reason()
	if err != nil {
		return nil, err
	}
	return done(a.cfg.Accounts.UndoLockdown(ctx, callerOf(ctx).actor, in.id(), reason))
}

type lockClientInput struct {
	ClientPath
	Body Why
}

type clientHoldingsOutput struct{ Body storage.ClientHoldings }

func (a *API) lockClientDown(ctx context.Context, in *lockClientInput) (*clientHoldingsOutput, error) {
	if err := line("body.reason", in.Body.Reason); err != nil {
		return nil, err
	}
	if _, err := a.cfg.Clients.Client(ctx, in.Client); err != nil {
		return nil, err
	}
	ended, err := a.cfg.Accounts.LockClient(ctx, callerOf(ctx).actor, in.Client, in.Body.Reason)
	if err != nil && !errors.Is(err, account.ErrConflict) {
		return nil, err
	}
	return &clientHoldingsOutput{ended}, nil
}

func (a *API) undoClientLockdown(ctx context.Context, in *lockClientInput) (*nothing, error) {
	if err := line("body.reason", in.Body.Reason); err != nil {
		return nil, err
	}
	if _, err := a.cfg.Clients.Client(ctx, in.Client); err != nil {
		return nil, err
	}
	err := a.cfg.Accounts.UnlockClient(ctx, callerOf(ctx).actor, in.Client, in.Body.Reason)
	if errors.Is(err, account.ErrNotFound) {
		err = nil
	}
	return done(err)
}
