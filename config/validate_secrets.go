package config

import (
	"strings"
	"time"

	"github.com/latchkey-id/latchkey/client"
	"github.com/latchkey-id/latchkey/internal/ident"
)

// validateSecrets checks the server's own keys: present, strong, distinct
// (requirement CF1).
func (l *loader) validateSecrets(c *Config) {
	owners := map[string]string{} // a key's bytes, and where they were first seen
	l.validateKeys("secrets.sealing_keys", c.Secrets.SealingKeys, owners)
	l.validateKeys("secrets.hash_keys", c.Secrets.HashKeys, owners)
	if !c.Secrets.PairwiseKey.IsZero() {
		l.validateKey("secrets.pairwise_key", SecretKey{Key: c.Secrets.PairwiseKey}, owners)
	}
}

func (l *loader) validateKeys(path string, keys []SecretKey, owners map[string]string) {
	if len(keys) == 0 {
		l.add(path, "required: a list of {id, key}, where key is a file: or env: reference to what `openssl rand -base64 32` prints")
	}
	ids, makes := map[string]bool{}, false
	for i, k := range keys {
		at := indexPath(path, i)
		switch {
		case ident.KeyID(k.ID) != nil:
			l.add(joinPath(at, "id"), "required: 1 to 32 letters, digits, - or _")
		case ids[k.ID]:
			l.add(joinPath(at, "id"), "two keys have the id %q; each needs its own", k.ID)
		}
		ids[k.ID] = true
		if k.Revoked {
			continue
		}
		l.validateKey(joinPath(at, "key"), k, owners)
		makes = makes || !k.UseFrom.After(l.Now())
	}
	if len(keys) > 0 && !makes {
		l.add(path, "no key is in use: at least one must not be revoked and must have no use_from, or one in the past")
	}
}

func (l *loader) validateKey(path string, k SecretKey, owners map[string]string) {
	bytes := k.Bytes()
	switch {
	case k.Key.IsZero():
		l.add(path, "required: a file: or env: reference to what `openssl rand -base64 32` prints")
	case len(bytes) < keyBytes:
		l.add(path, "it must be at least %d random bytes in base64 or hexadecimal; make one with `openssl rand -base64 32`", keyBytes)
	case distinctBytes(string(bytes)) < keyBytes/2:
		l.add(path, "it does not look random; make one with `openssl rand -base64 32`")
	case owners[string(bytes)] != "":
		l.add(path, "it is the same key as %s; make another with `openssl rand -base64 32`", owners[string(bytes)])
	default:
		owners[string(bytes)] = path
	}
}

// maxLiveSecrets is the old one and the new one: a secret that nobody removes
// is one that nobody watches.
const maxLiveSecrets = 2

// minHMACKey is what HS256 needs of a key, in bytes.
const minHMACKey = 32

// validateClientSecrets checks the secrets of one client. owners tells whose a
// secret was first.
func (l *loader) validateClientSecrets(path string, c *Client, m *client.Metadata, owners map[string]string) {
	if !client.UsesSecret(m.AuthMethod) && !m.IsPublic() {
		if !c.Secret.IsZero() || len(c.Secrets) > 0 {
			l.add(joinPath(path, "secret"), "auth_method %s uses keys and no secret; remove it", m.AuthMethod)
		}
		return
	}
	if m.IsPublic() {
		if !c.Secret.IsZero() {
			l.add(joinPath(path, "secret"), "auth_method none uses no secret; remove it, or use another auth_method with type confidential")
		}
		if len(c.Secrets) > 0 {
			l.add(joinPath(path, "secrets"), "auth_method none uses no secret; remove them, or use another auth_method with type confidential")
		}
		return
	}
	live := 0
	if !c.Secret.IsZero() {
		live++
		l.validateClientSecret(joinPath(path, "secret"), c, m, c.Secret, owners)
	}
	for i, s := range c.Secrets {
		at := indexPath(joinPath(path, "secrets"), i)
		switch {
		case s.Value.IsZero():
			l.add(joinPath(at, "value"), "required: a file: or env: reference")
		case s.expired(l.Now()):
			l.warn(joinPath(at, "expires_at"), "this secret has expired; remove it")
		default:
			live++
			l.validateClientSecret(joinPath(at, "value"), c, m, s.Value, owners)
		}
	}
	switch {
	case live == 0:
		l.add(joinPath(path, "secret"), "required with auth_method %s: a file: or env: reference to what `openssl rand -hex 32` prints", client.OrList(m.AuthMethods()))
	case live > maxLiveSecrets:
		l.add(joinPath(path, "secrets"), "%d secrets are live; keep the old and the new one", live)
	}
}

func (s ClientSecret) expired(now time.Time) bool {
	return !s.ExpiresAt.IsZero() && !now.Before(s.ExpiresAt)
}

func (l *loader) validateClientSecret(path string, c *Client, m *client.Metadata, secret Secret, owners map[string]string) {
	text := secret.Reveal()
	switch owner := owners[text]; {
	case owner != "":
		l.add(path, "it is the same secret as %s; every client and every rotation needs its own", owner)
	case text == c.ID:
		l.add(path, "it is the client's id, which everyone knows; make one with `openssl rand -hex 32`")
	case m.AuthMethod == client.AuthMethodSecretJWT && len(text) < minHMACKey:
		l.add(path, "client_secret_jwt signs with it, for which it needs at least %d characters (RFC 7518 section 3.2)", minHMACKey)
	case l.Dev:
	case strengthOf(text) == weak && !c.AllowWeakSecret:
		l.add(path, "it is too weak: use at least %d varied characters, best of all what `openssl rand -hex 32` prints; if the relying party cannot take that, set allow_weak_secret: true", minFairLength)
	case len(text) < minWeakLength:
		l.add(path, "it is too short even with allow_weak_secret; use at least %d characters", minWeakLength)
	case strengthOf(text) != strong:
		l.warn(path, "it is not known to be 256 random bits, so it might be guessed; what `openssl rand -hex 32` prints cannot be")
	}
	if strings.ContainsAny(text, "+%") && m.AllowsAuthMethod(client.AuthMethodBasic) {
		l.warn(path, "it contains + or %%, which much software sends incorrectly in client_secret_basic because it does not form-encode it (RFC 6749 section 2.3.1); "+
			"what `openssl rand -hex 32` prints needs no encoding")
	}
	owners[text] = path
}
