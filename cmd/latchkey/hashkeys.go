package main

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/latchkey-id/latchkey/keys"
	"github.com/latchkey-id/latchkey/storage"
	"github.com/latchkey-id/latchkey/storage/sqlstore"
)

// checkValuePurpose is what the check values of hash keys are hashed for.
const checkValuePurpose = "check_value"

// agreeOnHashKeys refuses to serve with hash keys that are not those of the
// installation (requirement KY6): a node with another secret would find none of
// the tokens and sessions, and call the record of events forged. The database
// holds a check value of each key that has served, which tells nothing of the key.
func agreeOnHashKeys(ctx context.Context, hasher *keys.Hasher, installation *sqlstore.Installation) error {
	served, err := installation.HashKeys(ctx)
	if err != nil {
		return err
	}
	checks, known := hasher.Sums(checkValuePurpose), 0
	for _, check := range checks {
		id, _, _ := strings.Cut(check, ".")
		switch kept, err := installation.HashKeyCheck(ctx, id); {
		case errors.Is(err, storage.ErrNotFound):
		case err != nil:
			return err
		case kept != check:
			return fmt.Errorf("secrets.hash_keys: the key %q is not the one that this database has been used with under that id: put that key back", id)
		default:
			known++
		}
	}
	if served > 0 && known == 0 {
		return errors.New("secrets.hash_keys: this database has never been used with any of these keys, and nothing in it could be found: " +
			"put the one that has behind the new one")
	}
	for _, check := range checks {
		id, _, _ := strings.Cut(check, ".")
		kept, err := installation.AgreeOnHashKey(ctx, id, check)
		if err != nil {
			return err
		}
		if kept != check { // another node was first, with another key
			return fmt.Errorf("secrets.hash_keys: another node uses a different key %q", id)
		}
	}
	return nil
}
