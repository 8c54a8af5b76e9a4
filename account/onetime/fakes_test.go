package onetime_test

import (
	"bytes"
	"context"
	"sync"
	"time"

	"github.com/latchkey-id/latchkey/storage"
)

// memory is an ephemeral store whose entries never expire by themselves: what
// has expired must be refused by its own date.
type memory struct {
	mu     sync.Mutex
	values map[string][]byte
	counts map[string]int64
}

func newMemory() *memory {
	return &memory{values: map[string][]byte{}, counts: map[string]int64{}}
}

func (m *memory) Put(_ context.Context, key string, value []byte, _ time.Duration) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.values[key] = value
	return nil
}

func (m *memory) Get(_ context.Context, key string) ([]byte, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if value, ok := m.values[key]; ok {
		return value, nil
	}
	return nil, storage.ErrNotFound
}

func (m *memory) Swap(_ context.Context, key string, old, value []byte, _ time.Duration) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	switch found, ok := m.values[key]; {
	case !ok && old != nil:
		return storage.ErrNotFound
	case ok && (old == nil || !bytes.Equal(found, old)):
		return storage.ErrConflict
	}
	m.values[key] = value
	return nil
}

func (m *memory) Take(_ context.Context, key string) ([]byte, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	value, ok := m.values[key]
	if !ok {
		return nil, storage.ErrNotFound
	}
	delete(m.values, key)
	return value, nil
}

func (m *memory) TakeIf(_ context.Context, key string, value []byte) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if found, ok := m.values[key]; !ok || !bytes.Equal(found, value) {
		return storage.ErrNotFound
	}
	delete(m.values, key)
	return nil
}

func (m *memory) Delete(_ context.Context, keys ...string) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, key := range keys {
		delete(m.values, key)
		delete(m.counts, key)
	}
	return nil
}

func (m *memory) Count(_ context.Context, key string, _ time.Duration) (int64, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.counts[key]++
	return m.counts[key], nil
}
