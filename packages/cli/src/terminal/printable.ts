/** Stages say what they like: nothing of it may steer the terminal. Line ends and tabs stay. */
export const printable = (text: string): string => text.replace(/[^\P{Cc}\n\t]|\p{Bidi_Control}/gu, "�")
