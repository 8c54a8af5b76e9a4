package server

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"sync"
)

// The ports that are handed out lie below those that the kernel gives to whoever
// asks for any, so that no connection and no other server takes one by accident
// between the moment it is found and the moment it is listened on, or while what
// listens there is started again.
const firstPort, ports = 20000, 12000

// taken are the locks of the ports that this process has handed out.
var taken struct {
	sync.Mutex
	locks []*os.File
	next  int
}

// FreePort returns a loopback port that nobody listens on. It belongs to this
// process until that ends: no other test process is given it (race condition).
func FreePort() (int, error) {
	folder, err := OpenFolder()
	if err != nil {
		return 0, err
	}
	locks := folder.Join("ports")
	if err := os.MkdirAll(locks, 0o700); err != nil {
		return 0, fmt.Errorf("make folder of ports: %w", err)
	}
	taken.Lock()
	defer taken.Unlock()
	for range ports {
		// Processes begin far from one another.
		port := firstPort + (os.Getpid()*97+taken.next)%ports
		taken.next++
		lock, err := TryLock(filepath.Join(locks, strconv.Itoa(port)), ByOne)
		if errors.Is(err, ErrLocked) {
			continue
		}
		if err != nil {
			return 0, err
		}
		if !unused(port) {
			_ = lock.Close() // something else of this machine is there
			continue
		}
		taken.locks = append(taken.locks, lock)
		return port, nil
	}
	return 0, errors.New("find a free port: all are taken")
}

// unused reports whether nobody listens on a port.
func unused(port int) bool {
	var lc net.ListenConfig
	l, err := lc.Listen(context.Background(), "tcp", net.JoinHostPort("127.0.0.1", strconv.Itoa(port)))
	return err == nil && l.Close() == nil
}
