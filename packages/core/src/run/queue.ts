import { Effect } from "effect"

/** Wakes who sleeps until something has happened. */
export const makeBell = () => {
  let hasRung = false
  let wake: (() => void) | undefined
  return {
    ring: (): void => {
      hasRung = true
      wake?.()
    },
    sleep: Effect.callback<void>((resume) => {
      const end = () => {
        hasRung = false
        wake = undefined
        resume(Effect.void)
      }
      if (hasRung) return end()
      wake = end
      return Effect.sync(() => {
        wake = undefined
      })
    }),
  }
}

/** A queue that costs the same for each item, however long it is. */
export class Queue<Item> {
  #items: Array<Item> = []
  #next = 0

  get isEmpty(): boolean {
    return this.#next >= this.#items.length
  }

  add(item: Item): void {
    this.#items.push(item)
  }

  take(): Item | undefined {
    const item = this.#items[this.#next++]
    if (this.#next >= this.#items.length) {
      this.#items = []
      this.#next = 0
    }
    return item
  }
}
