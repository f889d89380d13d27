import { filled, rectangle, stroked } from "../drawing.ts"
import { LETTERS, write } from "../glyphs.ts"
import { COLOURS, centre, INK, type Topic, thing, withArticle } from "../scene.ts"

const category = "Texts"

const [firstLetter = "A", secondLetter = "B", ...otherLetters] = LETTERS

const letter: Topic = {
  name: "letter",
  category,
  values: [firstLetter, secondLetter, ...otherLetters],
  nouns: ["letter"],
  draw: (scene) => write(scene.value, centre(scene), scene.size * 1.9, stroked(COLOURS[scene.colour], 5)),
  coarse: thing,
  fine: (scene) => `${thing(scene)} ${scene.value}`,
}

const word: Topic = {
  name: "word",
  category,
  values: [
    "CAT",
    "DOG",
    "SUN",
    "YES",
    "NO",
    "UP",
    "GO",
    "ON",
    "OFF",
    "HOT",
    "ICE",
    "SEA",
    "STOP",
    "EXIT",
    "OPEN",
  ],
  nouns: ["word"],
  draw: (scene) => {
    const [x, y] = centre(scene)
    const height = scene.value.length > 3 ? 15 : scene.value.length > 2 ? 18 : 24
    return write(scene.value, [32 + (x - 32) / 4, y], height, stroked(COLOURS[scene.colour], 3.5))
  },
  coarse: thing,
  fine: (scene) => withArticle(`${scene.colour} word saying ${scene.value}`),
}

const sign: Topic = {
  name: "sign",
  category,
  values: ["A", "B", "E", "H", "K", "M", "P", "S", "T", "X"],
  nouns: ["sign"],
  draw: (scene) => {
    const [x, y] = centre(scene)
    return (
      rectangle([x, y + 14], 2, 14, filled(INK)) +
      rectangle([x, y - 6], 17, 15, filled(COLOURS[scene.colour])) +
      write(scene.value, [x, y - 6], 18, stroked("#ffffff", 4))
    )
  },
  coarse: thing,
  fine: (scene) => `${thing(scene)} with the letter ${scene.value}`,
}

export const textTopics: ReadonlyArray<Topic> = [letter, word, sign]
