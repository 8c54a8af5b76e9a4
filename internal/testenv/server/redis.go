package server

import (
	"net"
	"strconv"
)

// Redis starts an empty Redis on a port, with the number of databases. It keeps
// nothing on disk.
func Redis(dir string, port, databases int, args ...string) (*Process, error) {
	path, err := Find("redis-server", "redis-server")
	if err != nil {
		return nil, err
	}
	address := net.JoinHostPort("127.0.0.1", strconv.Itoa(port))
	return Start("", func() error { return Dial(address) }, path, append([]string{
		"--port", strconv.Itoa(port), "--bind", "127.0.0.1", "--save", "", "--appendonly", "no",
		"--dir", dir, "--databases", strconv.Itoa(databases),
	}, args...)...)
}
