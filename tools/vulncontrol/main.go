// Command vulncontrol calls a function with a known vulnerability (GO-2022-1059),
// so that scripts/vulncheck knows that it would find one. It is not part of the
// product.
package main

import (
	"fmt"

	"golang.org/x/text/language"
)

func main() {
	tags, _, err := language.ParseAcceptLanguage("en")
	fmt.Println(tags, err)
}
