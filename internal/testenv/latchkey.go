package testenv

import (
	"bufio"
	"bytes"
	"context"
	"io"
	"net"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"
)

// Latchkey says how to start a `latchkey dev`. Its zero value is a fresh one
// with everything embedded.
type Latchkey struct {
	// Database and Redis are URLs to use instead of the embedded stores.
	Database, Redis string
	// Config is the text of a configuration file to lay over dev's defaults.
	Config string
	// Data is the data folder; one of the test's own by default.
	Data string
	// Listen is an address with a port; by default a port is found.
	Listen string
	// Issuer is for a node that is not reached at its own address: see
	// [Node.Peer].
	Issuer string
	// Host names the node in its issuer, such as localhost, where its address
	// would not do: passkeys belong to a name.
	Host string
	// Wire, where it is not nil, wraps every connection that a test makes to the
	// node, so that it sees what goes over the wire.
	Wire func(http.RoundTripper) http.RoundTripper
	// Binary is run instead of [Binary], and Wrap is a command that runs it, such as
	// one that sets limits and then becomes it.
	Binary string
	Wrap   []string
	// Enter, where it is not nil, is a command that runs another one where the files
	// of the node are, such as in the mounts of its process.
	Enter func(pid int) []string
	// Args are further arguments of `latchkey dev`, Env further variables.
	Args, Env []string
}

// Node is a latchkey process that a test may kill, stop and start again.
type Node struct {
	// Issuer is the issuer URL, Address where this node listens.
	Issuer, Address string
	// Data is the data folder.
	Data string

	t      testing.TB
	cfg    Latchkey
	config string // the file of cfg.Config
	log    Log

	cmd   *exec.Cmd
	ended chan struct{} // closed when the process has ended
	exit  error
}

// StartLatchkey builds latchkey, starts it and returns when it serves. It is
// stopped when the test ends, and must stop cleanly.
func StartLatchkey(t testing.TB, cfg Latchkey) *Node {
	t.Helper()
	if cfg.Data == "" {
		cfg.Data = filepath.Join(t.TempDir(), "data")
	}
	if cfg.Listen == "" { // a port that stays its own while it is stopped and started again
		cfg.Listen = net.JoinHostPort("127.0.0.1", strconv.Itoa(freePort(t)))
	}
	if cfg.Host != "" && cfg.Issuer == "" {
		_, port, err := net.SplitHostPort(cfg.Listen)
		if err != nil {
			t.Fatalf("address to listen on: %v", err)
		}
		cfg.Issuer = "http://" + net.JoinHostPort(cfg.Host, port)
	}
	n := &Node{t: t, cfg: cfg, Data: cfg.Data}
	if cfg.Config != "" {
		n.config = filepath.Join(t.TempDir(), "latchkey.yaml")
		if err := os.WriteFile(n.config, []byte(cfg.Config), 0o600); err != nil {
			t.Fatalf("write configuration: %v", err)
		}
	}
	t.Cleanup(n.cleanup)
	n.Start()
	return n
}

// Peer starts another node of the same installation: the same issuer, secrets,
// configuration and stores, on a port of its own. It takes a database and a
// Redis that both reach, or the embedded file.
func (n *Node) Peer(t testing.TB) *Node {
	t.Helper()
	cfg := n.cfg
	cfg.Listen, cfg.Issuer = "", n.Issuer
	return StartLatchkey(t, cfg)
}

var readyLine = regexp.MustCompile(`^ready issuer=(\S+) inbox=\S+$`)

// Start starts the node again where it was, after [Node.Kill] or [Node.Stop].
func (n *Node) Start() {
	n.t.Helper()
	args := []string{"dev", "--listen", n.cfg.Listen, "--data", n.cfg.Data}
	for _, flag := range [][2]string{
		{"--config", n.config}, {"--database", n.cfg.Database}, {"--redis", n.cfg.Redis}, {"--issuer", n.cfg.Issuer},
	} {
		if flag[1] != "" {
			args = append(args, flag[0], flag[1])
		}
	}
	command := append(append(slices.Clone(n.cfg.Wrap), n.binary()), append(args, n.cfg.Args...)...)
	n.cmd = exec.CommandContext(context.Background(), command[0], command[1:]...)
	n.cmd.Env = append(os.Environ(), n.cfg.Env...)
	n.cmd.Stderr = &n.log
	n.cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	output, input := io.Pipe()
	n.cmd.Stdout = input
	if err := n.cmd.Start(); err != nil {
		n.t.Fatalf("start latchkey: %v", err)
	}
	n.ended = make(chan struct{})
	go func(cmd *exec.Cmd, ended chan<- struct{}) {
		n.exit = cmd.Wait()
		_ = input.Close()
		close(ended)
	}(n.cmd, n.ended)
	lines := bufio.NewScanner(output)
	lines.Scan()
	found := readyLine.FindStringSubmatch(lines.Text())
	if found == nil {
		_ = n.cmd.Process.Kill()
		<-n.ended
		n.cmd = nil
		n.t.Fatalf("no ready line from latchkey but %q\n%s", lines.Text(), n.Log())
	}
	go func() { _, _ = io.Copy(io.Discard, output) }()
	if n.Issuer != "" { // it is where it was, and others read that meanwhile
		return
	}
	n.Issuer, n.Address = found[1], n.cfg.Listen
	if n.cfg.Issuer == "" {
		n.Address = strings.TrimPrefix(n.Issuer, "http://")
		n.cfg.Listen = n.Address
	}
}

func (n *Node) binary() string {
	if n.cfg.Binary != "" {
		return n.cfg.Binary
	}
	return Binary(n.t)
}

// Use has the node run another binary from its next start on.
func (n *Node) Use(binary string) { n.cfg.Binary = binary }

// Configure writes another configuration file. What a reload does not take over
// waits for the next start.
func (n *Node) Configure(text string) {
	n.t.Helper()
	if n.config == "" {
		n.t.Fatal("the node was started without a configuration file")
	}
	if err := os.WriteFile(n.config, []byte(text), 0o600); err != nil {
		n.t.Fatalf("write configuration: %v", err)
	}
}

// Pid is the id of the node's process.
func (n *Node) Pid() int { return n.cmd.Process.Pid }

// StallLog stops reading what the node logs, until release is called.
func (n *Node) StallLog() (release func()) { return n.log.Hold() }

// running reports whether the process has neither ended nor been ended.
func (n *Node) running() bool {
	if n.cmd == nil || n.ended == nil {
		return false
	}
	select {
	case <-n.ended:
		return false
	default:
		return true
	}
}

// Kill ends the process as a power cut would.
func (n *Node) Kill() {
	n.t.Helper()
	if !n.running() {
		n.t.Fatalf("kill latchkey: it has ended: %v\n%s", n.exit, n.Log())
	}
	_ = n.cmd.Process.Kill()
	<-n.ended
	n.cmd = nil
}

// stopTimeout is how long a node may take to stop.
const stopTimeout = Patience

// Stop asks the process to end, and fails the test unless it does so cleanly.
func (n *Node) Stop() {
	n.t.Helper()
	if !n.running() {
		n.t.Fatalf("stop latchkey: it has ended: %v\n%s", n.exit, n.Log())
	}
	_ = n.cmd.Process.Signal(syscall.SIGTERM)
	select {
	case <-n.ended:
	case <-time.After(stopTimeout):
		_ = n.cmd.Process.Kill()
		<-n.ended
		n.t.Errorf("latchkey did not stop within %s", stopTimeout)
	}
	n.cmd = nil
	if n.exit != nil {
		n.t.Errorf("latchkey ended with %v\n%s", n.exit, n.Log())
	}
}

// cleanup ends the node with its test.
func (n *Node) cleanup() {
	n.t.Helper()
	switch {
	case n.running():
		n.Stop()
	case n.cmd != nil:
		n.t.Errorf("latchkey ended by itself: %v\n%s", n.exit, n.Log())
	}
	if log := n.Log(); strings.Contains(log, "DATA RACE") {
		n.t.Errorf("latchkey has a data race:\n%s", log)
	}
}

// Log returns what the node has logged, over all its starts.
func (n *Node) Log() string { return n.log.String() }

// HTTP returns a client that reaches this node under the issuer's URL, as if a
// load balancer had chosen it. It follows no redirect. It may be used by many
// goroutines.
func (n *Node) HTTP() *http.Client {
	transport := http.RoundTripper(n.transport())
	if n.cfg.Wire != nil {
		transport = n.cfg.Wire(transport)
	}
	return &http.Client{
		Transport:     transport,
		Timeout:       Patience,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
}

// transport dials this node for the issuer's host, and nobody for any other:
// a test that reaches the world by accident fails.
func (n *Node) transport() *http.Transport {
	var d net.Dialer
	issuer, err := url.Parse(n.Issuer)
	if err != nil {
		n.t.Fatalf("issuer: %v", err)
	}
	transport := &http.Transport{
		MaxIdleConnsPerHost: 64,
		DialContext: func(ctx context.Context, network, address string) (net.Conn, error) {
			if address != issuer.Host {
				return nil, &net.OpError{Op: "dial", Net: network, Err: net.UnknownNetworkError("not the issuer: " + address)}
			}
			return d.DialContext(ctx, network, n.Address)
		},
	}
	n.t.Cleanup(transport.CloseIdleConnections)
	return transport
}

// Command runs another command on the node's installation, such as
// Command("", "keys", "list"), and returns its output.
func (n *Node) Command(stdin string, args ...string) string {
	n.t.Helper()
	args = append(slices.Clone(args), "--data", n.cfg.Data)
	if n.config != "" {
		args = append(args, "--config", n.config)
	}
	command := []string{n.binary()}
	if n.cfg.Enter != nil {
		command = append(n.cfg.Enter(n.Pid()), command...)
	}
	command = append(command, args...)
	for deadline := time.Now().Add(Patience); ; {
		output, problems, err := n.run(stdin, command)
		if err == nil {
			return output
		}
		// On a slow machine a connection takes longer than a test has nodes wait for
		// one. Nothing was done then.
		if strings.Contains(problems, "reach postgres") && time.Now().Before(deadline) {
			continue
		}
		n.t.Fatalf("latchkey %s: %v\n%s%s", strings.Join(args, " "), err, output, problems)
	}
}

// run runs a command on the node's installation once.
func (n *Node) run(stdin string, command []string) (output, problems string, err error) {
	cmd := exec.CommandContext(context.Background(), command[0], command[1:]...)
	cmd.Env = append(os.Environ(), n.cfg.Env...)
	for name, value := range map[string]string{"LATCHKEY_DATABASE_URL": n.cfg.Database, "LATCHKEY_REDIS_URL": n.cfg.Redis} {
		if value != "" {
			cmd.Env = append(cmd.Env, name+"="+value)
		}
	}
	cmd.Stdin = strings.NewReader(stdin)
	var out, said bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &said
	err = cmd.Run()
	return out.String(), said.String(), err
}

// CreateUser makes an account whose address is known to be theirs, by the
// command line, and returns its id.
func (n *Node) CreateUser(email, password string, flags ...string) string {
	n.t.Helper()
	args := append([]string{"user", "create", "--email", email, "--verified", "--password-stdin"}, flags...)
	output := n.Command(password+"\n", args...)
	id, ok := strings.CutPrefix(strings.TrimSpace(output), "created user ")
	if !ok {
		n.t.Fatalf("user create said %q", output)
	}
	return id
}
