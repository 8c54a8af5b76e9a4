// The person's browser is the Go test: it is told where to go over standard
// output, and says over standard input where it arrived.
import { createInterface } from 'node:readline'

const input = createInterface({ input: process.stdin })
const lines = input[Symbol.asyncIterator]()

// visit sends the browser to an address and returns the address, at a relying
// party, where it came out.
export async function visit(address) {
  process.stdout.write(JSON.stringify({ visit: String(address) }) + '\n')
  const { value, done } = await lines.next()
  if (done) throw new Error('the browser has gone')
  return new URL(JSON.parse(value).arrived)
}

// close puts the browser away, without which the process would wait for it.
export const close = () => input.close()
