package api

import (
	"context"
	"errors"
	"net/http"
	"time"

	"github.com/latchkey-id/latchkey/account"
	"github.com/latchkey-id/latchkey/admin"
	"github.com/latchkey-id/latchkey/storage"
)

func factorOperations() []operation {
	repair := func(id, method, path, does, more string) operation {
		return operation{
			id: id, method: method, path: "/people/{person}" + path, scope: admin.ScopeHelpDesk,
			status: http.StatusNoContent, does: does, more: more,
		}
	}
	return []operation{
		row(operation{
			id: "factors.list", method: http.MethodGet, path: "/people/{person}/factors", scope: admin.ScopePeopleRead, status: http.StatusOK,
			does: "Show what a person signs in with", more: "Never a secret.",
		}, (*API).listFactors),
		row(repair("factors.unlock", http.MethodPost, "/unlock", "Forget the wrong codes that locked a person’s second factors", "That there are none is as good."), (*API).unlock),
		row(repair("factors.reset", http.MethodPost, "/reset-factors",
			"Remove a person’s second factors, recovery codes and trusted devices, and sign them out", "Their owner is told."), (*API).resetFactors),
		row(operation{
			id: "devices.list", method: http.MethodGet, path: "/people/{person}/devices", scope: admin.ScopePeopleRead, status: http.StatusOK,
			does: "List the browsers that may skip a person’s second factor",
		}, (*API).listDevices),
		row(repair("devices.forget", http.MethodDelete, "/devices", "End trust in all of a person’s browsers", "That there are none is as good."), (*API).forgetDevices),
	}
}

// Factors are what a person signs in with besides a password.
type Factors struct {
	Enrolled      []Factor `json:"enrolled" nullable:"false"`
	RecoveryCodes int      `json:"recovery_codes" doc:"How many are left."`
	Locked        []Lock   `json:"locked" nullable:"false"`
}

// Factor is an authenticator app or a passkey.
type Factor struct {
	ID         string     `json:"id"`
	Kind       string     `json:"kind"`
	Name       string     `json:"name" doc:"The person’s own word for it."`
	AddedAt    time.Time  `json:"added_at"`
	LastUsedAt *time.Time `json:"last_used_at,omitempty"`
}

// Lock is a kind of factor with wrong codes on record.
type Lock struct {
	Kind        string     `json:"kind"`
	Failures    int64      `json:"failures"`
	LockedUntil *time.Time `json:"locked_until,omitempty"`
	Disabled    bool       `json:"disabled" doc:"Whether it works no more until it is unlocked or enrolled anew."`
}

type factorsOutput struct{ Body Factors }

// known answers storage.ErrNotFound where there is no such person.
func (a *API) known(ctx context.Context, id storage.ID) error {
	_, err := a.cfg.Users.ByID(ctx, id)
	return err
}

func (a *API) listFactors(ctx context.Context, in *PersonPath) (*factorsOutput, error) {
	if err := a.known(ctx, in.id()); err != nil {
		return nil, err
	}
	out := &factorsOutput{Body: Factors{Enrolled: []Factor{}, Locked: []Lock{}}}
	credentials, err := a.cfg.Credentials.ListByUser(ctx, in.id())
	if err != nil {
		return nil, err
	}
	for i := range credentials {
		c := &credentials[i]
		out.Body.Enrolled = append(out.Body.Enrolled, Factor{string(c.ID), string(c.Kind), c.Name, c.CreatedAt.UTC(), timeOf(c.LastUsedAt)})
	}
	codes, err := a.cfg.Recovery.Status(ctx, in.id())
	if err != nil {
		return nil, err
	}
	out.Body.RecoveryCodes = codes.Remaining
	locks, err := a.cfg.Lockouts.ListByUser(ctx, in.id())
	if err != nil {
		return nil, err
	}
	for _, l := range locks {
		if l.Failures > 0 {
			out.Body.Locked = append(out.Body.Locked, Lock{string(l.Kind), l.Failures, timeOf(l.LockedUntil), !l.DisabledAt.IsZero()})
		}
	}
	return out, nil
}

type unlockInput struct {
	PersonPath
	Factor string `query:"factor" enum:"passkey,totp,recovery,email,sms" doc:"Only this kind."`
}

func (a *API) unlock(ctx context.Context, in *unlockInput) (*nothing, error) {
	return done(a.cfg.Accounts.Unlock(ctx, callerOf(ctx).actor, in.id(), storage.FactorKind(in.Factor)))
}

func (a *API) resetFactors(ctx context.Context, in *whyInput) (*nothing, error) {
	reason, err := in.reason()
	if err != nil {
		return nil, err
	}
	return done(a.cfg.Accounts.ResetFactors(ctx, callerOf(ctx).actor, in.id(), reason))
}

// Device is a browser that may skip a second factor for a while.
type Device struct {
	ID         string    `json:"id"`
	UserAgent  string    `json:"user_agent" doc:"The browser’s own word."`
	Address    string    `json:"address"`
	TrustedAt  time.Time `json:"trusted_at"`
	LastUsedAt time.Time `json:"last_used_at"`
	ExpiresAt  time.Time `json:"expires_at"`
}

type devicesOutput struct{ Body Page[Device] }

func (a *API) listDevices(ctx context.Context, in *PersonPath) (*devicesOutput, error) {
	if err := a.known(ctx, in.id()); err != nil {
		return nil, err
	}
	devices, err := a.cfg.Devices.ListByUser(ctx, in.id(), a.cfg.Now())
	if err != nil {
		return nil, err
	}
	out := &devicesOutput{Body: Page[Device]{Items: []Device{}}}
	for i := range devices {
		d := &devices[i]
		out.Body.Items = append(out.Body.Items, Device{string(d.ID), d.UserAgent, d.Address, d.CreatedAt.UTC(), d.LastUsedAt.UTC(), d.ExpiresAt.UTC()})
	}
	return out, nil
}

func (a *API) forgetDevices(ctx context.Context, in *PersonPath) (*nothing, error) {
	err := a.cfg.Accounts.ForgetDevices(ctx, callerOf(ctx).actor, in.id())
	if errors.Is(err, account.ErrNotFound) {
		err = nil
	}
	return done(err)
}
