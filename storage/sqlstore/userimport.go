package sqlstore

import (
	"context"
	"fmt"
	"time"

	"github.com/latchkey-id/latchkey/storage"
	"github.com/uptrace/bun"
)

// importTimeout bounds an import, which is one transaction.
const importTimeout = time.Hour

// Import inserts people with what they sign in with and their events, all or
// none. It answers storage.ErrConflict when one of them is there already.
func (r *Users) Import(ctx context.Context, people []storage.ImportedUser) error {
	err := r.s.inTx(patiently(ctx, importTimeout), func(ctx context.Context, tx bun.Tx) error {
		for i := range people {
			if err := r.s.importUser(ctx, tx, &people[i]); err != nil {
				return fmt.Errorf("person %d: %w", i+1, err)
			}
		}
		return nil
	})
	return wrap("import users", err)
}

func (s *Store) importUser(ctx context.Context, tx bun.Tx, p *storage.ImportedUser) error {
	if err := s.insertUser(ctx, tx, &p.User); err != nil {
		return err
	}
	for i := range p.Credentials {
		if _, err := s.exec(ctx, tx, insertCredentialRow, values(rowOfCredential(&p.Credentials[i]))...); err != nil {
			return err
		}
	}
	if err := s.countCredentials(ctx, tx, p.User.ID); err != nil {
		return err
	}
	return s.insertEvent(ctx, tx, p.Event)
}
