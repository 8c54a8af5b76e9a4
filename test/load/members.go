package main

import (
	"bytes"
	"context"
	"crypto/pbkdf2"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
)

// forMembers is an application that one group of many may use.
const forMembers = "application-for-members"

// manyGroups is how many groups a member is in.
const manyGroups = 500

// membersConfig is the client, behind the other clients.
func membersConfig(secret string) string {
	return fmt.Sprintf(`  - id: %s
    type: confidential
    secret: %s
    redirect_uris: [%s]
    scopes: [openid, profile, email, offline_access]
    id_token_signing_alg: ES256
    access: [{groups: [nobody]}, {groups: [%s]}]
`, forMembers, secret, redirectURI, group(manyGroups-1))
}

func group(n int) string { return "group-" + strconv.Itoa(n) }

// member is the name of the n-th person who is in every group.
func member(n int) string { return "member" + strconv.Itoa(n) }

// importMembers makes people with the common password who are in many groups.
func (in *installation) importMembers(ctx context.Context, people int) error {
	groups := make([]string, manyGroups)
	for i := range groups {
		groups[i] = group(i)
	}
	const iterations = 1000 // as somebody imports them: the first sign-in hashes it anew
	salt := rand.Text()
	key, err := pbkdf2.Key(sha256.New, in.password, []byte(salt), iterations, sha256.Size)
	if err != nil {
		return fmt.Errorf("hash a password: %w", err)
	}
	hash := fmt.Sprintf("pbkdf2_sha256$%d$%s$%s", iterations, salt, base64.StdEncoding.EncodeToString(key))
	var lines bytes.Buffer
	for i := range people {
		err := json.NewEncoder(&lines).Encode(map[string]any{
			"email": member(i) + "@example.com", "email_verified": true, "username": member(i), "name": "Member " + strconv.Itoa(i),
			"password_hash": hash, "groups": groups,
		})
		if err != nil {
			return fmt.Errorf("import members: %w", err)
		}
	}
	load := child(ctx, in.binary, "user", "import", "--format", "jsonl", "--apply", "-", "--data", filepath.Join(in.dir, "data"), "--config", in.config)
	load.Stdin = &lines
	if output, err := load.CombinedOutput(); err != nil {
		return fmt.Errorf("import members: %w: %s", err, output)
	}
	return nil
}

func (p *party) refreshOfMany(w *wire, i int) (work, error) {
	return p.refreshOf(w, forMembers, p.members[i], &p.members[i].tokens)
}

// manyClients is how many clients are added to the files for [oneOfMany].
const manyClients = 10_000

// oneOfMany is the row of client_credentials again, at a node with many clients.
var oneOfMany = row{Name: "client_credentials, one of 10,000 clients", Signatures: 1, prepare: func(p *party, w *wire, _ int) (work, error) {
	return always(w, p.node.post(p.node.Endpoints.Token, "grant_type=client_credentials", p.basic(service)), `"access_token"`), nil
}}

// addClients writes that many more clients to a file of the configuration.
func (in *installation) addClients(n int) error {
	var text bytes.Buffer
	for i := range n {
		fmt.Fprintf(&text, "- {id: other-%d, type: service, secret: %s, scopes: [read]}\n", i, newSecret())
	}
	folder := filepath.Join(in.dir, "clients")
	if err := os.MkdirAll(folder, 0o700); err != nil {
		return fmt.Errorf("add clients: %w", err)
	}
	if err := os.WriteFile(filepath.Join(folder, "others.yaml"), text.Bytes(), 0o600); err != nil {
		return fmt.Errorf("add clients: %w", err)
	}
	config, err := os.OpenFile(in.config, os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return fmt.Errorf("add clients: %w", err)
	}
	defer config.Close()
	if _, err := fmt.Fprintf(config, "clients_dir: %q\n", folder); err != nil {
		return fmt.Errorf("add clients: %w", err)
	}
	return config.Close()
}
