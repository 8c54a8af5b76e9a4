// Command kubernetes is what Kubernetes' API server does with an ID token: its own
// authenticator, set up by the flags of docs/recipes/kubernetes.md. It reads tokens, one
// a line, and says of each in JSON as whom it takes it, or why not.
//
// It is a module of its own, so that the product does not depend on Kubernetes.
package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"time"

	"k8s.io/apiserver/pkg/apis/apiserver"
	"k8s.io/apiserver/plugin/pkg/authenticator/token/oidc"
)

// verdict is an answer.
type verdict struct {
	Name   string   `json:"name,omitempty"`
	Groups []string `json:"groups,omitempty"`
	Error  string   `json:"error,omitempty"`
}

func main() {
	if err := run(context.Background()); err != nil {
		fmt.Fprintln(os.Stderr, "kubernetes:", err)
		os.Exit(1)
	}
}

// certificate is who may vouch for the issuer.
type certificate []byte

// CurrentCABundleContent implements oidc.CAContentProvider.
func (c certificate) CurrentCABundleContent() []byte { return c }

func run(ctx context.Context) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	none, prefix := "", os.Getenv("GROUPS_PREFIX")
	authenticator, err := oidc.New(ctx, oidc.Options{
		JWTAuthenticator: apiserver.JWTAuthenticator{
			Issuer: apiserver.Issuer{URL: os.Getenv("ISSUER"), Audiences: []string{os.Getenv("CLIENT_ID")}},
			ClaimMappings: apiserver.ClaimMappings{
				Username: apiserver.PrefixedClaimOrExpression{Claim: os.Getenv("USERNAME_CLAIM"), Prefix: &none},
				Groups:   apiserver.PrefixedClaimOrExpression{Claim: os.Getenv("GROUPS_CLAIM"), Prefix: &prefix},
			},
		},
		CAContentProvider: certificate(os.Getenv("CA")),
	})
	if err != nil {
		return err
	}
	if err := ready(ctx, authenticator.HealthCheck); err != nil {
		return err
	}
	lines := bufio.NewScanner(os.Stdin)
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		var v verdict
		response, ok, err := authenticator.AuthenticateToken(ctx, lines.Text())
		switch {
		case err != nil:
			v.Error = err.Error()
		case !ok:
			v.Error = "not a token of this issuer"
		default:
			v.Name, v.Groups = response.User.GetName(), response.User.GetGroups()
		}
		if err := json.NewEncoder(os.Stdout).Encode(v); err != nil {
			return err
		}
	}
	return lines.Err()
}

// ready waits until the authenticator has read the issuer's metadata.
func ready(ctx context.Context, check func() error) error {
	ctx, cancel := context.WithTimeout(ctx, 5*time.Minute)
	defer cancel()
	look := time.NewTicker(20 * time.Millisecond)
	defer look.Stop()
	for {
		err := check()
		if err == nil {
			return nil
		}
		select {
		case <-ctx.Done():
			return errors.Join(err, ctx.Err())
		case <-look.C:
		}
	}
}
