import {
  DiffusionConfigError,
  type Fields,
  fieldsOf,
  numberOf,
  refuseOthers,
  sizeOf,
  wordOf,
} from "./config-fields.ts"

/** How noise grows with the timestep. */
export interface ScheduleConfig {
  readonly steps: number
  readonly betaStart: number
  readonly betaEnd: number
  /** `scaled_linear`: the square roots of β grow evenly. */
  readonly betaSchedule: "scaled_linear" | "linear"
  /** What the UNet predicts: the noise, or the velocity √ᾱ · noise − √(1 − ᾱ) · x (Salimans and Ho, 2022). */
  readonly prediction: "epsilon" | "v_prediction"
}

/** Stable Diffusion's. */
export const STABLE_DIFFUSION_SCHEDULE: ScheduleConfig = {
  steps: 1000,
  betaStart: 0.00085,
  betaEnd: 0.012,
  betaSchedule: "scaled_linear",
  prediction: "epsilon",
}

/**
 * Reads diffusers' `scheduler/scheduler_config.json`, of whatever scheduler: what training needs is common to all.
 *
 * @throws DiffusionConfigError when it is incomplete, or the model predicts neither noise nor velocity
 */
export const parseScheduleConfig = (json: unknown): ScheduleConfig => {
  const fields = fieldsOf(json, "the scheduler's configuration")
  refuseOthers(fields, { trained_betas: null, rescale_betas_zero_snr: false }, "a schedule")
  const config: ScheduleConfig = {
    steps: sizeOf(fields, "num_train_timesteps", 1000),
    betaStart: numberOf(fields, "beta_start"),
    betaEnd: numberOf(fields, "beta_end"),
    betaSchedule: wordOf(fields, "beta_schedule", ["scaled_linear", "linear"]),
    prediction: wordOf(fields, "prediction_type", ["epsilon", "v_prediction"]),
  }
  if (config.betaStart <= 0 || config.betaEnd < config.betaStart || config.betaEnd >= 1) {
    throw new DiffusionConfigError(`β from ${config.betaStart} to ${config.betaEnd} is no noise schedule`)
  }
  return config
}

/** The same as diffusers writes it. */
export const scheduleConfigJson = (config: ScheduleConfig): Fields => ({
  _class_name: "DDIMScheduler",
  beta_end: config.betaEnd,
  beta_schedule: config.betaSchedule,
  beta_start: config.betaStart,
  clip_sample: false,
  num_train_timesteps: config.steps,
  prediction_type: config.prediction,
  set_alpha_to_one: false,
  steps_offset: 1,
})
