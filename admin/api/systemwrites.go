package api

import (
	"context"
	"errors"
	"net/http"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/latchkey-id/latchkey/admin"
	"github.com/latchkey-id/latchkey/keys"
	"github.com/latchkey-id/latchkey/storage"
)

func systemWrites() []operation {
	write := func(id, path, does, more string) operation {
		return operation{
			id: id, method: http.MethodPost, path: path, scope: admin.ScopeSystemWrite, status: http.StatusOK, does: does, more: more,
		}
	}
	replay := write("feeds.replay", "/feeds/{feed}/replay", "Bring events to the stream or a webhook again",
		"Every event of its types after the place, or since the time, goes out again with the id that it had: a receiver that knows it has nothing to do. One that no node has begun with is not there (404).")
	replay.status = http.StatusAccepted
	revoke := write("keys.revoke", "/keys/{key}/revoke", "Take a stolen signing key out at once",
		"It leaves the JWKS, nothing that it signed is accepted here, and its successor signs from now on: relying parties that have not seen it fail until they read the JWKS again. Where nobody stole the key rotate instead.")
	all := write("everybody.lock_down", "/lockdown", "End everything that was issued to anybody, and revoke every signing key",
		"For when the installation itself was broken into. Everybody signs in anew, the caller too, and applications are told of each session. It cannot be undone. Where it fails halfway it can be repeated.")
	all.scope = admin.ScopeOwner
	return []operation{
		row(write("deliveries.retry", "/deliveries/retry", "Try deliveries again at once",
			"Those that are named, unless they were delivered or a node is at them, or without names every one that failed."), (*API).retryDeliveries),
		row(operation{
			id: "feeds.list", method: http.MethodGet, path: "/feeds", scope: admin.ScopeSystemRead, status: http.StatusOK,
			does: "List the stream of events and the webhooks, and up to which event each has them",
		}, (*API).listFeeds),
		row(replay, (*API).replayEvents),
		row(write("keys.rotate", "/keys/rotate", "Publish successors of the signing keys now",
			"They sign after signing_keys.publish_ahead. A key whose successor is published already is left alone."), (*API).rotateKeys),
		row(revoke, (*API).revokeKey),
		row(all, (*API).lockEverybodyDown),
	}
}

type retryInput struct {
	Body struct {
		Deliveries []string `json:"deliveries,omitempty" maxItems:"1000" nullable:"false" doc:"Ids. Absent: all that failed."`
	}
}

type retriedOutput struct {
	Body struct {
		Due int64 `json:"due" doc:"How many are due again."`
	}
}

func (a *API) retryDeliveries(ctx context.Context, in *retryInput) (*retriedOutput, error) {
	var ids []storage.ID
	for _, id := range in.Body.Deliveries {
		if _, err := storage.ID(id).Bytes(); err != nil {
			return nil, huma.NewError(http.StatusUnprocessableEntity, "validation failed", &huma.ErrorDetail{Message: "it is not an id", Location: "body.deliveries"})
		}
		ids = append(ids, storage.ID(id))
	}
	out := &retriedOutput{}
	if in.Body.Deliveries != nil && len(ids) == 0 {
		return out, nil // none is not all
	}
	var err error
	out.Body.Due, err = a.cfg.Accounts.RetryDeliveries(ctx, callerOf(ctx).actor, ids...)
	return out, err
}

// Feed is a receiver of events.
type Feed struct {
	Name    string     `json:"name" doc:"stream, or webhook: and the name of the webhook."`
	Seq     int64      `json:"seq" doc:"The place in the chain of the last event that it has."`
	MovedAt *time.Time `json:"moved_at,omitempty" doc:"When it got there."`
}

type feedsOutput struct{ Body Page[Feed] }

func (a *API) listFeeds(ctx context.Context, _ *struct{}) (*feedsOutput, error) {
	feeds, err := a.cfg.Feeds.List(ctx)
	if err != nil {
		return nil, err
	}
	out := &feedsOutput{Body: Page[Feed]{Items: []Feed{}}}
	for i := range feeds {
		out.Body.Items = append(out.Body.Items, ShowFeed(&feeds[i]))
	}
	return out, nil
}

type replayInput struct {
	Feed string `path:"feed" maxLength:"100" doc:"Its name."`
	Body struct {
		After *int64     `json:"after,omitempty" minimum:"0" doc:"A place in the chain, the seq of an event; 0 is before everything that is kept."`
		Since *time.Time `json:"since,omitempty" doc:"Instead of after: events that happened then or later (RFC 3339)."`
	}
}

type replayOutput struct {
	Body struct {
		After int64 `json:"after" doc:"The place after which it gets them again."`
	}
}

func (a *API) replayEvents(ctx context.Context, in *replayInput) (*replayOutput, error) {
	if err := line("path.feed", in.Feed); err != nil {
		return nil, err
	}
	out := &replayOutput{}
	switch {
	case (in.Body.After == nil) == (in.Body.Since == nil):
		return nil, huma.NewError(http.StatusUnprocessableEntity, "say either after or since")
	case in.Body.After != nil:
		out.Body.After = *in.Body.After
	default:
		place, found, err := PlaceBefore(ctx, a.cfg.Events, *in.Body.Since)
		if err != nil {
			return nil, err
		}
		if !found {
			return nil, huma.NewError(http.StatusUnprocessableEntity, "no event is kept since then")
		}
		out.Body.After = place
	}
	return out, a.cfg.Accounts.ReplayEvents(ctx, callerOf(ctx).actor, in.Feed, out.Body.After)
}

// PlaceBefore is the place in the chain before the first event since a time; found is
// false where none is kept.
func PlaceBefore(ctx context.Context, events Events, since time.Time) (place int64, found bool, err error) {
	first, err := events.List(ctx, storage.EventFilter{InOrder: true, Since: since, Limit: 1})
	if err != nil || len(first) == 0 {
		return 0, false, err
	}
	return first[0].Seq - 1, true, nil
}

type rotateInput struct {
	Body struct {
		Why
		Alg string `json:"alg,omitempty" maxLength:"32" doc:"Only the key of this algorithm, such as RS256. Absent: of each."`
	}
}

func (a *API) rotateKeys(ctx context.Context, in *rotateInput) (*keysOutput, error) {
	if err := errors.Join(line("body.reason", in.Body.Reason), line("body.alg", in.Body.Alg)); err != nil {
		return nil, err
	}
	e, err := a.cfg.Accounts.BeginKeyChange(ctx, callerOf(ctx).actor.Because(in.Body.Reason), storage.EventSigningKeyRotated)
	if err != nil {
		return nil, err
	}
	_, err = RotateKeys(ctx, a.cfg.Keys, in.Body.Alg, e)
	if errors.Is(err, keys.ErrNoKeys) {
		return nil, huma.NewError(http.StatusUnprocessableEntity, "a value is not taken", &huma.ErrorDetail{Message: "there are no such keys", Location: "body.alg"})
	}
	if err != nil {
		return nil, err
	}
	return a.listKeys(ctx, nil)
}

// RotateKeys publishes a successor of the key of an algorithm, or of each for "", and
// returns how many: one whose successor is published already is left alone. It answers
// keys.ErrNoKeys.
func RotateKeys(ctx context.Context, ring KeyRing, alg string, by storage.Event) (n int, err error) {
	algs := []string{alg}
	if alg == "" {
		algs = ring.KeyAlgs()
	}
	for _, alg := range algs {
		switch err := ring.Rotate(ctx, alg, by); {
		case errors.Is(err, keys.ErrPending):
		case err != nil:
			return n, err
		default:
			n++
		}
	}
	return n, nil
}

type revokeKeyInput struct {
	Key  string `path:"key" maxLength:"64" doc:"Its kid."`
	Body Why
}

func (a *API) revokeKey(ctx context.Context, in *revokeKeyInput) (*keysOutput, error) {
	if err := errors.Join(line("path.key", in.Key), line("body.reason", in.Body.Reason)); err != nil {
		return nil, err
	}
	e, err := a.cfg.Accounts.BeginKeyChange(ctx, callerOf(ctx).actor.Because(in.Body.Reason), storage.EventSigningKeyRevoked)
	if err != nil {
		return nil, err
	}
	if err := a.cfg.Keys.Revoke(ctx, in.Key, e); err != nil {
		return nil, err
	}
	return a.listKeys(ctx, nil)
}

type lockEverybodyInput struct{ Body Why }

type lockedEverybodyOutput struct {
	Body struct {
		Ended       storage.Holdings `json:"ended"`
		RevokedKeys []string         `json:"revoked_keys" nullable:"false" doc:"Their kids."`
	}
}

func (a *API) lockEverybodyDown(ctx context.Context, in *lockEverybodyInput) (*lockedEverybodyOutput, error) {
	if err := line("body.reason", in.Body.Reason); err != nil {
		return nil, err
	}
	ended, revoked, err := a.cfg.Accounts.LockEverybody(ctx, callerOf(ctx).actor, a.cfg.Keys, in.Body.Reason)
	if err != nil {
		return nil, err
	}
	out := &lockedEverybodyOutput{}
	out.Body.Ended, out.Body.RevokedKeys = ended, listed(revoked)
	return out, nil
}
