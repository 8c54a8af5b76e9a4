package sqlstore

import (
	"context"
	"database/sql"
	"errors"
	"slices"
	"time"

	"github.com/latchkey-id/latchkey/internal/ident"
	"github.com/latchkey-id/latchkey/storage"
	"github.com/uptrace/bun"
)

// Recover gives an account back to its owner, in one transaction (requirement FE2).
// A former address is theirs again. The right to every younger address is gone with
// it, so that an intruder's own links are void. What was added since goes: factors,
// recovery codes, the phone number, consents; so do trusted devices, lockouts, a
// planned deletion, a lockdown that is not held, every session and grant, and the password, which whoever was
// there may know. It answers storage.ErrNotFound when the owner's right was used or
// passed over meanwhile, and storage.ErrConflict when the address is another's by now.
func (r *Users) Recover(ctx context.Context, c storage.Recovery, e storage.Event, m ...storage.Message) error {
	err := r.s.change(ctx, e, m, func(ctx context.Context, tx bun.Tx) error {
		if err := r.s.lockUser(ctx, tx, c.UserID); err != nil {
			return err
		}
		owned, err := r.s.ownedIn(ctx, tx, c)
		if err != nil {
			return err
		}
		since, ok := owned.answers(c)
		if !ok {
			return sql.ErrNoRows
		}
		if err := r.s.giveBack(ctx, tx, c, owned.email, since); err != nil {
			return err
		}
		if _, err := r.s.exec(ctx, tx, lift+` AND NOT lock_held`, string(c.UserID)); err != nil {
			return err
		}
		if err := r.s.removeAddedSince(ctx, tx, c.UserID, since, storage.Kept{}); err != nil {
			return err
		}
		if err := r.s.forgetDevices(ctx, tx, c.UserID); err != nil {
			return err
		}
		return r.s.endAccess(ctx, tx, accessEnd{userID: c.UserID, offline: true, now: c.Now, reason: storage.RevokedPassword})
	})
	return wrap("recover account", err)
}

// ownership is an address that was or is a person's in an email epoch.
type ownership struct {
	email string
	// moved is when it was taken away, or from when on its owner disowned what was
	// done; zero while it is theirs.
	moved sqlTime
	// back is when the account was last given back to it.
	back sqlTime
}

// ownedIn reads whose address was current in the epoch of the recovery.
func (s *Store) ownedIn(ctx context.Context, tx bun.Tx, c storage.Recovery) (o ownership, err error) {
	args := []any{string(c.UserID), c.Epoch}
	err = s.row(ctx, tx, `SELECT email, moved_at, given_back_at FROM former_addresses WHERE user_id = $1 AND epoch = $2`, args, &o.email, &o.moved, &o.back)
	if errors.Is(err, sql.ErrNoRows) {
		err = s.row(ctx, tx, `SELECT email FROM users WHERE id = $1 AND email_epoch = $2`, args, &o.email)
	}
	return o, err
}

// answers reports whether the owner still has the right to the recovery, and from
// when on what was added is an intruder's. Each right is used once; one that tells
// of something older than all that was disowned so far goes on, in whatever order
// an owner follows the links in their mailbox.
func (o ownership) answers(c storage.Recovery) (since time.Time, ok bool) {
	switch {
	case o.moved.IsZero():
		return c.Since, !c.Since.IsZero()
	case !c.Since.IsZero() && c.Since.Before(o.moved.Time):
		return c.Since, true
	}
	return o.moved.Time, o.back.IsZero()
}

// giveBack makes the address current in an epoch of its own, and voids the password.
// Its owner keeps the right to disown what is older; every younger address has none.
func (s *Store) giveBack(ctx context.Context, tx bun.Tx, c storage.Recovery, email string, since time.Time) error {
	if _, err := s.exec(ctx, tx, `DELETE FROM former_addresses WHERE user_id = $1 AND epoch >= $2`, string(c.UserID), c.Epoch); err != nil {
		return err
	}
	_, err := s.exec(ctx, tx, `INSERT INTO former_addresses (user_id, epoch, email, moved_at, given_back_at) VALUES ($1, $2, $3, $4, $5)`,
		string(c.UserID), c.Epoch, email, sqlTime{since}, sqlTime{c.Now})
	if err != nil {
		return err
	}
	return must(s.exec(ctx, tx, `UPDATE users SET email = $1, email_canonical = $2, email_verified = TRUE, email_epoch = email_epoch + 1,
			password_hash = '', password_scheme = '', password_changed_at = $3, reset_by_email = TRUE, password_epoch = password_epoch + 1,
			delete_at = NULL, updated_at = $3
		WHERE id = $4`,
		email, nullString(ident.Canonical(email)), sqlTime{c.Now}, string(c.UserID)))
}

// removeAddedSince removes what a person can sign in with since a time, but for what they
// keep, and forgets failures with the rest.
func (s *Store) removeAddedSince(ctx context.Context, tx bun.Tx, userID storage.ID, since time.Time, keep storage.Kept) error {
	for _, removal := range []struct {
		text string
		kept bool
	}{
		{`DELETE FROM credentials WHERE user_id = $1 AND created_at >= $2`, len(keep.Factors) > 0},
		{`DELETE FROM recovery_codes WHERE user_id = $1 AND created_at >= $2`, keep.Recovery},
		{`DELETE FROM consents WHERE user_id = $1 AND granted_at >= $2`, false},
		{`UPDATE users SET phone = '', phone_verified = FALSE WHERE id = $1 AND phone_changed_at >= $2`, keep.Phone},
	} {
		if removal.kept {
			continue
		}
		if _, err := s.exec(ctx, tx, removal.text, string(userID), sqlTime{since}); err != nil {
			return err
		}
	}
	if err := s.removeFactorsSince(ctx, tx, userID, since, keep.Factors); err != nil {
		return err
	}
	if _, err := s.exec(ctx, tx, `DELETE FROM lockouts WHERE user_id = $1`, string(userID)); err != nil {
		return err
	}
	return s.countCredentials(ctx, tx, userID)
}

// removeFactorsSince removes the factors that were added since a time, but for those that
// stay. Where none does they are gone already.
func (s *Store) removeFactorsSince(ctx context.Context, tx bun.Tx, userID storage.ID, since time.Time, keep []storage.ID) error {
	if len(keep) == 0 {
		return nil
	}
	added, err := list[string](ctx, s, tx, `SELECT id FROM credentials WHERE user_id = $1 AND created_at >= $2`, string(userID), sqlTime{since})
	if err != nil {
		return err
	}
	for _, id := range added {
		if slices.Contains(keep, storage.ID(id)) {
			continue
		}
		if _, err := s.exec(ctx, tx, `DELETE FROM credentials WHERE id = $1 AND user_id = $2`, id, string(userID)); err != nil {
			return err
		}
	}
	return nil
}
