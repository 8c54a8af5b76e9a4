package main

import (
	"bufio"
	"bytes"
	"cmp"
	"context"
	"crypto/rand"
	"crypto/tls"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// stores are what a node keeps its state in; an empty address is the embedded one.
type stores struct {
	Name            string
	Database, Redis string
}

// installation is a data folder and a configuration for nodes.
type installation struct {
	binary, dir, config string
	stores              stores
	// listen is where it listens: at any port of the machine where it is empty.
	listen string
	// tls is how to connect to it; nil is without TLS.
	tls *tls.Config
	// secrets are those of the clients, password that of every person.
	secrets  map[string]string
	password string
}

// The clients of the configuration, and where codes are sent: nobody needs to
// listen there.
const (
	application = "application"
	service     = "service"
	redirectURI = "https://application.example/callback"
)

// newInstallation writes a configuration. Tokens are signed with ES256, which
// is what somebody who counts signatures chooses; all else is as it comes.
func newInstallation(dir, binary string, s stores) (*installation, error) {
	in := emptyInstallation(dir, binary, s)
	text := fmt.Sprintf(`clients:
  - id: %s
    type: confidential
    secret: %s
    redirect_uris: [%s]
    scopes: [openid, profile, email, offline_access, read]
    id_token_signing_alg: ES256
    grant_types: [authorization_code, refresh_token, "urn:ietf:params:oauth:grant-type:token-exchange"]
    token_exchange: [{resources: [%s], scopes: [read]}]
  - id: %s
    type: service
    secret: %s
    scopes: [read, write]
`, application, in.secrets[application], redirectURI, api, service, in.secrets[service])
	text += protocolConfig(in.secrets[device]) + membersConfig(in.secrets[forMembers]) + claimsConfig(in.secrets[withClaims]) + resourcesConfig
	return in, in.write(text)
}

func emptyInstallation(dir, binary string, s stores) *installation {
	in := &installation{
		binary: binary, dir: dir, config: filepath.Join(dir, "latchkey.yaml"), stores: s,
		secrets:  map[string]string{},
		password: rand.Text(),
	}
	for _, client := range []string{application, service, withClaims, forMembers, device} {
		in.secrets[client] = newSecret()
	}
	return in
}

// write writes the configuration, which says the stores besides.
func (in *installation) write(text string) error {
	if in.stores.Database != "" {
		text += fmt.Sprintf("database: {url: %q}\n", in.stores.Database)
	}
	if in.stores.Redis != "" {
		text += fmt.Sprintf("redis: {url: %q}\n", in.stores.Redis)
	}
	if err := os.WriteFile(in.config, []byte(text), 0o600); err != nil {
		return fmt.Errorf("write configuration: %w", err)
	}
	return nil
}

// newSecret is what `openssl rand -hex 32` prints.
func newSecret() string {
	var b [32]byte
	_, _ = rand.Read(b[:]) // never fails: crypto/rand documents that it crashes instead
	return hex.EncodeToString(b[:])
}

// person makes an account and returns the name to sign in with.
func (in *installation) person(ctx context.Context, n int) (string, error) {
	name := "person" + strconv.Itoa(n)
	cmd := child(ctx, in.binary, "user", "create", "--data", filepath.Join(in.dir, "data"), "--config", in.config,
		"--email", name+"@example.com", "--username", name, "--name", "Person "+strconv.Itoa(n), "--verified", "--password-stdin")
	cmd.Stdin = strings.NewReader(in.password + "\n")
	if output, err := cmd.CombinedOutput(); err != nil {
		return "", fmt.Errorf("make an account: %w: %s", err, output)
	}
	return name, nil
}

// latchkey is a running node.
type latchkey struct {
	cmd    *exec.Cmd
	log    bytes.Buffer
	tls    *tls.Config
	Issuer string
	// Address is the issuer's host and port.
	Address string
	// Endpoints are the addresses in the discovery document.
	Endpoints endpoints
	// Ready is the time from its start to the first 200 of /readyz.
	Ready time.Duration
}

type endpoints struct {
	Authorization string `json:"authorization_endpoint"`
	Token         string `json:"token_endpoint"`
	UserInfo      string `json:"userinfo_endpoint"`
	Introspection string `json:"introspection_endpoint"`
	JWKS          string `json:"jwks_uri"`
	Pushed        string `json:"pushed_authorization_request_endpoint"`
	Device        string `json:"device_authorization_endpoint"`
	EndSession    string `json:"end_session_endpoint"`
}

const discoveryPath = "/.well-known/openid-configuration"

// start starts a node and returns when it is ready.
func (in *installation) start(ctx context.Context) (*latchkey, error) {
	l := &latchkey{tls: in.tls}
	l.cmd = child(ctx, in.binary, "dev", "--listen", cmp.Or(in.listen, "127.0.0.1:0"), "--data", filepath.Join(in.dir, "data"), "--config", in.config)
	l.cmd.Stderr = &l.log
	lines, err := l.cmd.StdoutPipe()
	if err != nil {
		return nil, fmt.Errorf("start node: %w", err)
	}
	began := time.Now()
	if err := l.cmd.Start(); err != nil {
		return nil, fmt.Errorf("start node: %w", err)
	}
	if err := l.await(ctx, bufio.NewReader(lines), began); err != nil {
		stop(l.cmd)
		return nil, fmt.Errorf("start node: %w\n%s", err, l.log.String())
	}
	return l, nil
}

// await reads the line `ready issuer=… inbox=…` and asks the node whether it is.
func (l *latchkey) await(ctx context.Context, lines *bufio.Reader, began time.Time) error {
	line, err := lines.ReadBytes('\n')
	if err != nil {
		return fmt.Errorf("wait for its ready line: %w", err)
	}
	issuer, err := between(line, []byte("ready issuer="), ' ')
	if err != nil {
		return err
	}
	u, err := url.Parse(string(issuer))
	if err != nil {
		return fmt.Errorf("issuer: %w", err)
	}
	l.Issuer, l.Address = string(issuer), u.Host
	w, err := l.dial(ctx)
	if err != nil {
		return err
	}
	defer w.close()
	if err := w.expect(l.get("/readyz"), http.StatusOK, nil); err != nil {
		return err
	}
	l.Ready = time.Since(began)
	if err := w.expect(l.get(discoveryPath), http.StatusOK, nil); err != nil {
		return err
	}
	if err := json.Unmarshal(w.body, &l.Endpoints); err != nil {
		return fmt.Errorf("decode discovery document: %w", err)
	}
	return nil
}

func (l *latchkey) stop() { stop(l.cmd) }

// dial connects to the node.
func (l *latchkey) dial(ctx context.Context) (*wire, error) {
	w, err := dialWire(ctx, l.Address)
	if err != nil || l.tls == nil {
		return w, err
	}
	return w, w.secure(ctx, l.tls)
}

// child is a process that ends, told to, when ctx does or this process dies.
func child(ctx context.Context, name string, args ...string) *exec.Cmd {
	cmd := exec.CommandContext(ctx, name, args...)
	cmd.Cancel = func() error { return cmd.Process.Signal(syscall.SIGTERM) }
	cmd.WaitDelay = 10 * time.Second
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGTERM}
	return cmd
}

// get spells a request for a path, or for an address below the issuer.
func (l *latchkey) get(target string, headers ...string) []byte {
	return l.request(http.MethodGet, target, headers, "")
}

// post spells the sending of a form.
func (l *latchkey) post(target, form string, headers ...string) []byte {
	headers = append([]string{"Content-Type: application/x-www-form-urlencoded", "Content-Length: " + strconv.Itoa(len(form))}, headers...)
	return l.request(http.MethodPost, target, headers, form)
}

func (l *latchkey) request(method, target string, headers []string, body string) []byte {
	var b bytes.Buffer
	fmt.Fprintf(&b, "%s %s HTTP/1.1\r\nHost: %s\r\n", method, strings.TrimPrefix(target, l.Issuer), l.Address)
	for _, h := range headers {
		b.WriteString(h + "\r\n")
	}
	b.WriteString("\r\n" + body)
	return b.Bytes()
}

// memory returns a line of the node's /proc/PID/status, in bytes: VmRSS is what
// it holds now, VmHWM the most it ever held.
func (l *latchkey) memory(name string) (int64, error) {
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", l.cmd.Process.Pid))
	if err != nil {
		return 0, fmt.Errorf("memory of the node: %w", err)
	}
	text, err := between(status, []byte(name+":"), '\n')
	if err != nil {
		return 0, err
	}
	kib, err := strconv.ParseInt(strings.TrimSpace(strings.TrimSuffix(string(text), "kB")), 10, 64)
	if err != nil {
		return 0, fmt.Errorf("memory of the node: %w", err)
	}
	return kib << 10, nil
}

// clockTick is the unit of times in /proc on every Linux.
const clockTick = 10 * time.Millisecond

// cpu returns the time of cores that the node has used so far.
func (l *latchkey) cpu() (time.Duration, error) {
	stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", l.cmd.Process.Pid))
	if err != nil {
		return 0, fmt.Errorf("time of the node: %w", err)
	}
	// Fields are counted from behind the name, which may hold anything (proc(5)).
	fields := strings.Fields(string(stat[bytes.LastIndexByte(stat, ')')+1:]))
	if len(fields) < 13 {
		return 0, fmt.Errorf("time of the node: %q", stat)
	}
	user, err1 := strconv.ParseInt(fields[11], 10, 64)
	system, err2 := strconv.ParseInt(fields[12], 10, 64)
	return time.Duration(user+system) * clockTick, errors.Join(err1, err2)
}
