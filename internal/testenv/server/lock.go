package server

import (
	"errors"
	"fmt"
	"os"
	"syscall"
)

// LockMode is how a lock file is held: by many or by one.
type LockMode int

// The modes.
const (
	ByMany LockMode = syscall.LOCK_SH
	ByOne  LockMode = syscall.LOCK_EX
)

// ErrLocked says that others hold the lock.
var ErrLocked = errors.New("the lock is held")

// Lock waits for the lock of a file, which it makes where there is none. The lock
// ends when the file is closed, or with this process.
func Lock(path string, mode LockMode) (*os.File, error) { return lock(path, int(mode)) }

// TryLock is [Lock] without waiting: [ErrLocked] where others hold it.
func TryLock(path string, mode LockMode) (*os.File, error) {
	return lock(path, int(mode)|syscall.LOCK_NB)
}

func lock(path string, how int) (*os.File, error) {
	f, err := os.OpenFile(path, os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return nil, fmt.Errorf("open lock: %w", err)
	}
	for {
		err = syscall.Flock(int(f.Fd()), how)
		if !errors.Is(err, syscall.EINTR) {
			break
		}
	}
	if errors.Is(err, syscall.EWOULDBLOCK) {
		return nil, errors.Join(ErrLocked, f.Close())
	}
	if err != nil {
		return nil, errors.Join(fmt.Errorf("lock %s: %w", path, err), f.Close())
	}
	return f, nil
}
