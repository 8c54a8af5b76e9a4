package op

import (
	"context"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/rsa"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/go-jose/go-jose/v4"
	"github.com/latchkey-id/latchkey/client"
	"github.com/latchkey-id/latchkey/internal/fetch"
)

// KeyTrial is what was found out about a key of a client, or about what it needs keys for.
type KeyTrial struct {
	// What names it.
	What string
	// Refused is why it cannot be used; nil: it can.
	Refused *Refusal
}

// Keys judges the keys that a client registered or publishes, each by itself, and then what
// the client needs keys for: that there is one, by the rules that endpoints choose keys by.
// A client that needs none and has none is told nothing.
func (t *Trial) Keys(ctx context.Context, c *client.Client) []KeyTrial {
	needs, set := needsOf(c), &client.KeySet{}
	if c.JWKS != nil || c.JWKSURI != "" {
		var refused *Refusal
		if set, refused = t.keySet(ctx, c); refused != nil {
			return []KeyTrial{{What: "the keys at " + c.JWKSURI, Refused: refused}}
		}
	}
	judged := make([]KeyTrial, 0, len(set.Keys)+len(needs))
	for i, k := range set.Keys {
		err := judgeKey(&k)
		if err == nil && i >= client.MaxKeys {
			err = fmt.Errorf("only the first %d keys are tried", client.MaxKeys)
		}
		judged = append(judged, keyTrial(nameOf(&k), err))
	}
	for _, need := range needs {
		judged = append(judged, keyTrial(need.what, need.judge(t, ctx, c, set)))
	}
	return judged
}

func keyTrial(what string, err error) KeyTrial {
	if err == nil {
		return KeyTrial{What: what}
	}
	return KeyTrial{What: what, Refused: &Refusal{Description: err.Error()}}
}

// keySet returns the keys of a client, which are fetched where they are published.
func (t *Trial) keySet(ctx context.Context, c *client.Client) (*client.KeySet, *Refusal) {
	if c.JWKS != nil {
		return c.JWKS, nil
	}
	answer, err := t.p.cfg.Fetch.Get(ctx, c.JWKSURI, fetch.Request{Accept: keySetTypes, Keep: keysKept})
	if err != nil {
		return nil, &Refusal{Description: "they cannot be fetched: " + err.Error()}
	}
	set := &client.KeySet{}
	if err := json.Unmarshal(answer.Body, set); err != nil {
		return nil, &Refusal{Description: "they cannot be read: " + err.Error()}
	}
	if len(set.Keys) == 0 {
		return nil, &Refusal{Description: "there are none: the document has no keys"}
	}
	return set, nil
}

// keyNeed is something that a client needs a key for.
type keyNeed struct {
	what  string
	judge func(t *Trial, ctx context.Context, c *client.Client, set *client.KeySet) error
}

// needsOf are those of a client.
func needsOf(c *client.Client) []keyNeed {
	var needs []keyNeed
	signs := func(what, alg string) {
		needs = append(needs, keyNeed{"a key that signs " + what, func(_ *Trial, _ context.Context, _ *client.Client, set *client.KeySet) error {
			return hasSigningKey(set, alg)
		}})
	}
	if c.AllowsAuthMethod(client.AuthMethodPrivateKeyJWT) && c.Workload == nil {
		signs("client assertions", c.AuthSigningAlg)
	}
	if alg := c.RequestObjectSigningAlg; alg != "" && alg != unsignedAlg || alg == "" && len(c.RequestURIs) > 0 {
		signs("request objects", alg)
	}
	if c.AllowsAuthMethod(client.AuthMethodSelfSignedTLS) {
		needs = append(needs, keyNeed{"a certificate for " + client.AuthMethodSelfSignedTLS, hasCertificate})
	}
	for what, how := range map[string]client.Encryption{
		"ID tokens": c.IDTokenEncryption(), "userinfo": c.UserInfoEncryption(),
		"introspection": c.IntrospectionEncryption(), "authorization responses": c.AuthorizationEncryption(),
	} {
		if how.Wanted() {
			needs = append(needs, keyNeed{"a key that " + what + " are encrypted to with " + how.Alg, func(t *Trial, ctx context.Context, c *client.Client, _ *client.KeySet) error {
				_, err := t.p.encryptionKey(ctx, c, how.Alg)
				return err
			}})
		}
	}
	slices.SortFunc(needs, func(a, b keyNeed) int { return strings.Compare(a.what, b.what) })
	return needs
}

// hasSigningKey looks for a key that may sign with an algorithm; empty is with any.
func hasSigningKey(set *client.KeySet, alg string) error {
	for _, k := range set.Keys[:min(len(set.Keys), client.MaxKeys)] {
		signing, _, err := algsOf(&k)
		if err != nil || len(signing) == 0 || alg != "" && !slices.ContainsFunc(signing, func(s string) bool { return sameAlg(alg, s) }) {
			continue
		}
		return nil
	}
	if alg == "" {
		return errors.New("none of the keys can sign")
	}
	return errors.New("none of the keys can sign with " + alg + ", which the client is registered for")
}

func hasCertificate(_ *Trial, _ context.Context, _ *client.Client, set *client.KeySet) error {
	for _, k := range set.Keys {
		var key jose.JSONWebKey
		if k.Certified && key.UnmarshalJSON(k.JSON()) == nil && len(key.Certificates) > 0 {
			return nil
		}
	}
	return errors.New("none of the keys has one (x5c)")
}

// judgeKey says why a key is good for nothing.
func judgeKey(k *client.Key) error {
	signing, encrypting, err := algsOf(k)
	switch {
	case err != nil:
		return err
	case len(signing)+len(encrypting) > 0 || k.Certified:
		return nil
	case k.Algorithm != "":
		return fmt.Errorf("alg %s does not work with its kind and use, or is not taken here; taken are %s",
			k.Algorithm, strings.Join(slices.Concat(algNames(clientAlgs), client.EncryptionAlgs()), ", "))
	}
	return errors.New("no algorithm that is taken here works with its kind and use")
}

// algsOf are the algorithms of signatures that a key may make, and those by which it may be
// encrypted to. An error says that endpoints pass it over.
func algsOf(k *client.Key) (signing, encrypting []string, err error) {
	var key jose.JSONWebKey
	if err := key.UnmarshalJSON(k.JSON()); err != nil {
		return nil, nil, fmt.Errorf("it cannot be read: %w", err)
	}
	switch {
	case !key.IsPublic() || !key.Valid():
		return nil, nil, errors.New("it is not a public key, or not a valid one")
	case !strongEnough(key.Key):
		return nil, nil, fmt.Errorf("it is too short: RSA keys need %d bits at least", minRSABits)
	}
	if k.Use != "enc" {
		for _, alg := range kindAlgs(key.Key) {
			if sameAlg(k.Algorithm, string(alg)) {
				signing = append(signing, string(alg))
			}
		}
	}
	set := client.KeySet{Keys: []client.Key{*k}}
	for _, alg := range client.EncryptionAlgs() {
		if len(set.Encrypting(alg)) > 0 {
			encrypting = append(encrypting, alg)
		}
	}
	return signing, encrypting, nil
}

// kindAlgs are the algorithms of signatures that go with a kind of public key.
func kindAlgs(key any) []jose.SignatureAlgorithm {
	switch k := key.(type) {
	case *rsa.PublicKey:
		return []jose.SignatureAlgorithm{jose.RS256, jose.PS256}
	case *ecdsa.PublicKey:
		switch k.Curve.Params().Name {
		case "P-256":
			return []jose.SignatureAlgorithm{jose.ES256}
		case "P-384":
			return []jose.SignatureAlgorithm{jose.ES384}
		}
	case ed25519.PublicKey:
		return []jose.SignatureAlgorithm{jose.EdDSA}
	}
	return nil
}

// nameOf names a key for people.
func nameOf(k *client.Key) string {
	var key jose.JSONWebKey
	about := []string{k.Type}
	if key.UnmarshalJSON(k.JSON()) == nil {
		switch public := key.Key.(type) {
		case *rsa.PublicKey:
			about = []string{fmt.Sprintf("RSA, %d bits", public.N.BitLen())}
		case *ecdsa.PublicKey:
			about = []string{"EC " + public.Curve.Params().Name}
		case ed25519.PublicKey:
			about = []string{"Ed25519"}
		}
	}
	if k.Use != "" {
		about = append(about, "use "+k.Use)
	}
	if k.Algorithm != "" {
		about = append(about, "alg "+k.Algorithm)
	}
	if k.Certified {
		about = append(about, "with a certificate")
	}
	name := "key " + k.ID
	if k.ID == "" {
		name = "a key without kid"
	}
	return fmt.Sprintf("%s (%s)", name, strings.Join(about, ", "))
}
