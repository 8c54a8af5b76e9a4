// Command vault is Vault's own plugin of OpenID Connect, without the server around it. It
// reads writes, one a line in JSON, and answers each as Vault would.
//
// It is a module of its own, so that the product does not depend on Vault.
package main

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"os"

	jwtauth "github.com/hashicorp/vault-plugin-auth-jwt"
	"github.com/hashicorp/vault/sdk/logical"
)

// write is what `vault write` sends below the mount of the plugin; read instead where
// Read says so, as the browser does that comes back.
type write struct {
	Path string
	Read bool
	Data map[string]any
}

// answer is what comes of it.
type answer struct {
	Data     map[string]any
	Name     string   // whom Vault takes it for
	Groups   []string // the aliases that its groups are found by
	Policies []string
	Error    string
}

func main() {
	if err := run(context.Background()); err != nil {
		fmt.Fprintln(os.Stderr, "vault:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context) error {
	config := logical.TestBackendConfig()
	config.StorageView = new(logical.InmemStorage)
	backend, err := jwtauth.Factory(ctx, config)
	if err != nil {
		return err
	}
	if err := backend.Initialize(ctx, &logical.InitializationRequest{Storage: config.StorageView}); err != nil {
		return err
	}
	in, out := bufio.NewScanner(os.Stdin), json.NewEncoder(os.Stdout)
	for in.Scan() {
		var w write
		if err := json.Unmarshal(in.Bytes(), &w); err != nil {
			return err
		}
		if err := out.Encode(ask(ctx, backend, config.StorageView, w)); err != nil {
			return err
		}
	}
	return in.Err()
}

func ask(ctx context.Context, backend logical.Backend, storage logical.Storage, w write) (a answer) {
	operation := logical.CreateOperation
	switch exists := existing(ctx, backend, storage, w); {
	case w.Read:
		operation = logical.ReadOperation
	case exists:
		operation = logical.UpdateOperation
	}
	response, err := backend.HandleRequest(ctx, &logical.Request{Operation: operation, Path: w.Path, Data: w.Data, Storage: storage, Connection: &logical.Connection{RemoteAddr: "127.0.0.1"}})
	switch {
	case err != nil:
		a.Error = err.Error()
	case response == nil:
	case response.IsError():
		a.Error = response.Error().Error()
	default:
		a.Data = response.Data
		if auth := response.Auth; auth != nil {
			a.Name, a.Policies = auth.Alias.Name, auth.Policies
			for _, group := range auth.GroupAliases {
				a.Groups = append(a.Groups, group.Name)
			}
		}
	}
	return a
}

// existing is the question that Vault asks before it calls a write one or the other.
func existing(ctx context.Context, backend logical.Backend, storage logical.Storage, w write) bool {
	checked, exists, err := backend.HandleExistenceCheck(ctx, &logical.Request{Operation: logical.CreateOperation, Path: w.Path, Data: w.Data, Storage: storage})
	return err == nil && (!checked || exists)
}
