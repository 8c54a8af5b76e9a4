package console

import (
	"errors"
	"net/http"
	"net/url"
	"slices"

	"github.com/latchkey-id/latchkey/account"
	"github.com/latchkey-id/latchkey/admin/api"
	"github.com/latchkey-id/latchkey/storage"
	"github.com/latchkey-id/latchkey/ui"
)

const keysPath = Root + "/keys"

// keyList are the signing keys; never a private part.
func keyList() *list {
	return &list{
		columns: []string{"console.id", "console.kind", "console.state", "console.created", "console.signs_until", "console.expires", ""},
		read: func(_ *http.Request, c *Console, v *visit, _ url.Values, _ string, _ int) ([]item, string, error) {
			keys, now := c.cfg.Keys.Keys(), c.cfg.Now()
			rows, _ := itemsOf(keys, len(keys), func(k *storage.SigningKey) string { return k.ID }, func(k *storage.SigningKey) item {
				shown := api.ShowKey(k, now)
				return item{record: shown, cells: func(s *screen) []cell {
					kind := map[string]string{"signing": "good"}[shown.State]
					return []cell{code(k.ID), tag("plain", k.Alg), tag(kind, shown.State), s.at(k.CreatedAt), s.at(k.SignsUntil), s.at(k.ExpiresAt), c.doListed(v, keysPath, "revoke", s, k.ID, k.ID)}
				}}
			})
			return rows, "", nil
		},
	}
}

// keyActs is what is done to signing keys.
func keyActs() []*act {
	return []*act{
		{
			of: keysPath, name: "rotate", text: "console.rotate_keys", operation: "keys.rotate", command: "keys rotate", grave: true, fields: algField, do: rotateKeys,
		},
		{
			of: keysPath, name: "revoke", text: "console.revoke_key", operation: "keys.revoke", command: "keys revoke {key} --now", danger: true, grave: true,
			subject: "key", do: revokeKey,
		},
	}
}

// algField asks for which algorithm; none is each.
func algField(c *Console, v *visit, _ *target, s *screen, f *form) error {
	var options []ui.Option
	for _, alg := range c.cfg.Keys.KeyAlgs() {
		options = append(options, ui.Option{Value: alg, Label: alg})
	}
	f.Any = s.T("console.all_algs")
	field, err := s.Select("alg", v.typed("alg", ""), options, "label=console.alg", "autocomplete=off")
	f.Fields = append(f.Fields, field)
	return err
}

func rotateKeys(c *Console, _ http.ResponseWriter, r *http.Request, by account.Actor, _ *target) (bool, error) {
	alg := r.PostForm.Get("alg")
	if alg != "" && !slices.Contains(c.cfg.Keys.KeyAlgs(), alg) {
		return false, &account.FieldError{Field: "alg", Problem: account.Invalid}
	}
	e, err := c.cfg.Accounts.BeginKeyChange(r.Context(), by, storage.EventSigningKeyRotated)
	if err != nil {
		return false, err
	}
	n, err := api.RotateKeys(r.Context(), c.cfg.Keys, alg, e)
	return false, noneIsUnchanged(int64(n), err)
}

func revokeKey(c *Console, _ http.ResponseWriter, r *http.Request, by account.Actor, t *target) (bool, error) {
	e, err := c.cfg.Accounts.BeginKeyChange(r.Context(), by, storage.EventSigningKeyRevoked)
	if err != nil {
		return false, err
	}
	err = c.cfg.Keys.Revoke(r.Context(), t.subject, e)
	if errors.Is(err, storage.ErrNotFound) {
		return false, account.ErrNotFound
	}
	return false, err
}
