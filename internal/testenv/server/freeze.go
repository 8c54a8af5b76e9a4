package server

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"syscall"
)

// Freeze stops the server and all its processes in the middle of what they do, as
// a machine or a disk that hangs would: connections stay open, and nobody answers.
func (p *Process) Freeze() error {
	// The first one first, or it would start others meanwhile.
	if err := syscall.Kill(p.cmd.Process.Pid, syscall.SIGSTOP); err != nil {
		return fmt.Errorf("stop the server: %w", err)
	}
	return signalAll(children(p.cmd.Process.Pid), syscall.SIGSTOP)
}

// Thaw lets them go on.
func (p *Process) Thaw() error {
	return signalAll(append(children(p.cmd.Process.Pid), p.cmd.Process.Pid), syscall.SIGCONT)
}

func signalAll(pids []int, signal syscall.Signal) error {
	for _, pid := range pids {
		if err := syscall.Kill(pid, signal); err != nil && err != syscall.ESRCH { // it has ended by itself
			return fmt.Errorf("signal %d: %w", pid, err)
		}
	}
	return nil
}

// children are the processes that a process started.
func children(parent int) (pids []int) {
	files, _ := filepath.Glob("/proc/[0-9]*/stat")
	for _, file := range files {
		stat, err := os.ReadFile(file)
		if err != nil {
			continue // it has ended
		}
		// pid (name) state ppid …; the name may hold anything.
		fields := bytes.Fields(stat[bytes.LastIndexByte(stat, ')')+1:])
		if len(fields) < 2 || string(fields[1]) != strconv.Itoa(parent) {
			continue
		}
		if pid, err := strconv.Atoi(filepath.Base(filepath.Dir(file))); err == nil {
			pids = append(pids, pid)
		}
	}
	return pids
}
