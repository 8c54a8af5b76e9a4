package config

import (
	"fmt"
	"strconv"
	"strings"
)

// leastMemory is less than a server can start in.
const leastMemory = 32 << 20

// ParseSize reads a number of bytes, such as 512MiB, 2GiB or 1073741824.
func ParseSize(text string) (int64, error) {
	number, unit := strings.TrimSpace(text), int64(1)
	for suffix, bytes := range map[string]int64{"KiB": 1 << 10, "MiB": 1 << 20, "GiB": 1 << 30} {
		if rest, ok := strings.CutSuffix(number, suffix); ok {
			number, unit = strings.TrimSpace(rest), bytes
			break
		}
	}
	n, err := strconv.ParseInt(number, 10, 64)
	if err != nil || n <= 0 || n > (1<<62)/unit {
		return 0, fmt.Errorf("%q is not a size: write it like 512MiB or 2GiB", text)
	}
	if n*unit < leastMemory {
		return 0, fmt.Errorf("%q is less than a server starts in; want at least 32MiB", text)
	}
	return n * unit, nil
}
