package storagetest

import (
	"iter"

	"github.com/latchkey-id/latchkey/storage"
)

// Imports are people as Users.Import takes them.
func Imports(people ...storage.ImportedUser) iter.Seq2[storage.ImportedUser, error] {
	return func(yield func(storage.ImportedUser, error) bool) {
		for _, person := range people {
			if !yield(person, nil) {
				return
			}
		}
	}
}
