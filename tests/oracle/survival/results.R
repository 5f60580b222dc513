# Results of R's packages survival and cmprsk, written to results.json beside this file:
#
#     Rscript results.R
#
# lung.csv, veteran.csv and pbcseq.csv are columns of data sets of the package survival. The cohort,
# its spells and its lives are made up here, and written to cohort.csv, spells.csv and lives.csv.

library(survival)
library(cmprsk)
library(jsonlite)
options(digits = 17)
lung <- read.csv("lung.csv")
veteran <- read.csv("veteran.csv")
pbcseq <- read.csv("pbcseq.csv")

# --- a cohort of months: some progress, some die, some do both in the same month -----------------

set.seed(20210101)
n <- 600
cohort <- data.frame(age = round(runif(n, 35, 92)), sex = sample(c("F", "M"), n, TRUE))
progress <- ceiling(rexp(n, 0.004 * ifelse(cohort$sex == "M", 1.4, 1)))
dies <- ceiling(rexp(n, 0.006 * exp(0.02 * (cohort$age - 65))))
dies[1:9] <- progress[1:9] <- c(3, 8, 8, 15, 21, 30, 44, 60, 75)
visit <- ceiling(runif(n, 80, 240))
cohort$futime <- pmin(dies, visit)
cohort$death <- as.integer(dies <= visit)
cohort$pstat <- as.integer(progress <= cohort$futime)
cohort$ptime <- pmin(progress, cohort$futime)
write.csv(cohort, "cohort.csv", row.names = FALSE, quote = FALSE)

# --- spells in years that are no whole numbers, with covariates that change ----------------------

m <- 90
changes <- round(runif(m, 0.05, 3), 2)
ends <- changes + round(rexp(m, 0.7) + 0.01, 2)
age <- round(rnorm(m, 45, 9), 1)
spells <- rbind(
  data.frame(start = 0, stop = changes, event = 0, age = age, moved = 0),
  data.frame(start = changes, stop = ends, event = rbinom(m, 1, 0.7), age = age, moved = 1),
  data.frame(start = 0, stop = round(rexp(m, 0.5) + 0.01, 2), event = rbinom(m, 1, 0.6),
             age = round(rnorm(m, 50, 9), 1), moved = 0)
)
write.csv(spells, "spells.csv", row.names = FALSE, quote = FALSE)

# --- curves: every seventh of their times, and the last ------------------------------------------

some <- function(times) times[sort(unique(c(seq(1, length(times), 7), length(times))))]

intervals <- function(draw, times, mark = "", column = NULL) {
  out <- list()
  for (kind in c("plain", "log", "log-log")) {
    found <- summary(draw(kind), times = times)
    pick <- function(x) if (is.null(column)) x else x[, column]
    name <- paste0(c("lower", "upper"), mark, "_", gsub("-", "", kind))
    out[[name[1]]] <- pick(found$lower)
    out[[name[2]]] <- pick(found$upper)
  }
  out
}

survival_curve <- function(data, ...) {
  draw <- function(kind) survfit(Surv(time, died) ~ 1, data, conf.type = kind, ...)
  fit <- draw("log")
  times <- some(fit$time)
  at <- summary(fit, times = times)
  middle <- summary(fit)$table[c("median", "0.95LCL", "0.95UCL")]
  c(list(times = length(fit$time), time = times, surv = at$surv, se = at$std.err,
         cumhaz = at$cumhaz, cumhaz_se = at$std.chaz, median = unname(middle)),
    intervals(draw, times))
}

weights <- 0.5 + (seq_len(nrow(lung)) %% 7) / 4
first <- within(cohort, {
  time <- ifelse(pstat == 1, ptime, futime)
  cause <- factor(ifelse(pstat == 1, 1, 2 * death), 0:2, c("censored", "pcm", "death"))
})

incidence <- function() {
  draw <- function(kind) survfit(Surv(time, cause) ~ 1, first, conf.type = kind)
  fit <- draw("log")
  times <- some(fit$time)
  at <- summary(fit, times = times)
  out <- list(times = length(fit$time), time = times, n_risk = at$n.risk[, 1])
  for (k in 2:3) {
    name <- fit$states[k]
    out[[paste0("cif_", name)]] <- at$pstate[, k]
    out[[paste0("se_", name)]] <- at$std.err[, k]
    out <- c(out, intervals(draw, times, paste0("_", name), k))
  }
  out
}

# Of who progresses and dies in the same month it is said that they die.
states <- function() {
  both <- cohort$pstat == 1 & cohort$ptime < cohort$futime
  end <- ifelse(cohort$death == 1, 2, 0)
  id <- seq_len(nrow(cohort))
  rows <- rbind(
    data.frame(id, from = 0, to = ifelse(both, cohort$ptime, cohort$futime),
               event = ifelse(both, 1, end)),
    data.frame(id, from = cohort$ptime, to = cohort$futime, event = end)[both, ]
  )
  rows$event <- factor(rows$event, 0:2, c("censored", "pcm", "death"))
  rows <- rows[order(rows$id, rows$from), ]
  fit <- survfit(Surv(from, to, event) ~ 1, rows, id = id)
  times <- some(fit$time)
  at <- summary(fit, times = times)$pstate
  list(times = length(fit$time), time = times, mgus = at[, 1], pcm = at[, 2], death = at[, 3])
}

entered <- data.frame(
  start = c(0, 2, 1, 3, 0, 4, 1, 2), stop = c(5, 6, 4, 8, 7, 9, 6, 5),
  event = c(1, 0, 1, 1, 0, 1, 1, 0)
)
late <- survfit(Surv(start, stop, event) ~ 1, entered)

mean_until <- function(data, until) {
  found <- summary(survfit(Surv(time, died) ~ 1, data), rmean = until)$table
  list(tau = until, rmst = unname(found["rmean"]), se = unname(found["se(rmean)"]))
}

test <- function(fit) {
  list(groups = sub(".*=", "", names(fit$n)), n = as.vector(fit$n),
       obs = rowSums(as.matrix(fit$obs)),
       exp = rowSums(as.matrix(fit$exp)), chisq = fit$chisq, df = length(fit$n) - 1,
       p = pchisq(fit$chisq, length(fit$n) - 1, lower.tail = FALSE))
}

gray <- function(group) {
  found <- cuminc(first$time, first$cause, group, cencode = "censored")$Tests
  lapply(split(found, rownames(found)),
         function(row) list(statistic = row[1], p_value = row[2], df = row[3]))
}

# --- regressions, converged further than R does by itself ---------------------------------------

tight <- coxph.control(eps = 1e-13, toler.chol = 1e-14, iter.max = 50)

regression <- function(formula, data, ties = "efron") {
  fit <- coxph(formula, data, ties = ties, control = tight)
  told <- summary(fit)
  tests <- lapply(list(lr = told$logtest, wald = told$waldtest, score = told$sctest),
                  function(t) list(stat = unname(t["test"]), df = unname(t["df"]),
                                   p = unname(t["pvalue"])))
  table <- told$coefficients
  c(list(names = rownames(table), coef = table[, "coef"], se = table[, "se(coef)"],
         z = table[, "z"], p = table[, "Pr(>|z|)"], exp_coef = table[, "exp(coef)"],
         conf_low = told$conf.int[, 3], conf_high = told$conf.int[, 4],
         loglik_null = fit$loglik[1], loglik = fit$loglik[2], n = fit$n, nevent = fit$nevent),
    tests)
}

subdistribution <- function() {
  first$id <- seq_len(nrow(first))
  wide <- finegray(Surv(time, cause) ~ ., first, etype = "pcm", id = id)
  fit <- coxph(Surv(fgstart, fgstop, fgstatus) ~ age + sex, wide, weights = fgwt, id = id,
               cluster = id, ties = "breslow", control = tight)
  list(coef = unname(coef(fit)), naive_se = sqrt(diag(fit$naive.var)),
       robust_se = sqrt(diag(fit$var)))
}

# --- exposure: persons' lives cut by completed age, year and year of birth, in decimal years -----

lives <- data.frame(born = round(runif(24, 1950, 1999), 4))
lives$entry <- round(pmax(lives$born, runif(24, 1995, 2010)), 4)
lives$exit <- round(lives$entry + 0.01 + rexp(24, 0.2), 4)
lives$event <- rbinom(24, 1, 0.5)
write.csv(lives, "lives.csv", row.names = FALSE, quote = FALSE)
lives$age <- tcut(lives$entry - lives$born, 0:120, labels = 0:119)
lives$year <- tcut(lives$entry, 1995:2060, labels = 1995:2059)
lives$cohort <- floor(lives$born)
cells <- pyears(Surv(exit - entry, event) ~ age + year + cohort, lives, scale = 1,
                data.frame = TRUE)$data
cells <- cells[cells$pyears > 1e-9, c("age", "year", "cohort", "pyears", "event")]
cells$age <- as.integer(as.character(cells$age))
cells$year <- as.integer(as.character(cells$year))
cells$cohort <- as.integer(as.character(cells$cohort))

# --- adjusted curves: averages of R's curves of profiles, put together in loops ------------------

adjusted_lung <- function(times) {
  fit <- coxph(Surv(time, died) ~ age + sex, lung, control = tight)
  of <- function(rows) summary(survfit(fit, rows, se.fit = TRUE), times = times)
  one <- lapply(1:2, function(k) of(data.frame(age = 60, sex = k)))
  average <- function(k) {
    known <- data.frame(age = lung$age, sex = k)
    rowMeans(of(known)$surv)
  }
  list(time = times, surv = lapply(one, function(s) s$surv), se = lapply(one, function(s) s$std.err),
       mean = lapply(1:2, average))
}

adjusted_cohort <- function(times, profiles) {
  at <- sort(unique(first$time[first$cause != "censored"]))
  steps <- function(name) {
    fit <- coxph(Surv(time, cause == name) ~ age + sex, first, control = tight)
    hazard <- summary(survfit(fit, first[seq_len(profiles), ]), times = at, extend = TRUE)$cumhaz
    apply(rbind(0, hazard), 2, diff)
  }
  a <- steps("pcm")
  b <- steps("death")
  share <- list(survival = 0, pcm = 0, death = 0)
  for (j in seq_len(profiles)) {
    left <- 1
    had <- c(0, 0)
    kept <- NULL
    for (k in seq_along(at)) {
      all <- a[k, j] + b[k, j]
      if (all > 0) had <- had + left * (1 - exp(-all)) * c(a[k, j], b[k, j]) / all
      left <- left * exp(-all)
      if (at[k] %in% times) kept <- rbind(kept, c(left, had))
    }
    for (n in 1:3) share[[n]] <- share[[n]] + kept[, n] / profiles
  }
  c(list(time = times, profiles = profiles), share)
}

# --- exact ties, of few and of many events at one time; and clocks of changing coefficients -------

coarse <- within(lung, time <- ceiling(time / 60))
exactly <- function(formula, data) {
  fit <- coxph(formula, data, ties = "exact", control = tight)
  list(coef = unname(coef(fit)), se = unname(sqrt(diag(vcov(fit)))), loglik = fit$loglik)
}

changing <- function(fit) {
  clocks <- c("km", "rank", "log", "identity")
  told <- lapply(clocks, function(clock) cox.zph(fit, clock, terms = FALSE)$table[, "chisq"])
  lapply(setNames(told, clocks), unname)
}

powered <- function(rho, strata = FALSE) {
  formula <- if (strata) Surv(time, died) ~ sex + strata(ecog) else Surv(time, died) ~ sex
  test(survdiff(formula, lung, rho = rho))
}

results <- list(
  versions = list(R = R.version.string, survival = as.character(packageVersion("survival")),
                  cmprsk = as.character(packageVersion("cmprsk"))),
  km_lung_overall = list(overall = survival_curve(lung)),
  km_lung_by_sex = lapply(split(lung, lung$sex), survival_curve),
  km_robust_lung_weighted = list(
    weights = weights, overall = survival_curve(lung, weights = weights, robust = TRUE)
  ),
  cif = incidence(),
  multistate = states(),
  counting_truncation = list(
    data = as.list(entered),
    overall = list(time = late$time, n_risk = late$n.risk, n_event = late$n.event,
                   n_censor = late$n.censor)
  ),
  rmst = list(lung = mean_until(lung, 365), veteran = mean_until(veteran, 180)),
  logrank_lung_sex = test(survdiff(Surv(time, died) ~ sex, lung)),
  logrank_stratified_lung_sex_ecog = test(survdiff(Surv(time, died) ~ sex + strata(ecog), lung)),
  gray_sex = gray(first$sex),
  gray_age = gray(cut(first$age, c(0, 60, 70, 200), right = FALSE)),
  cox_lung_age_sex_efron = regression(Surv(time, died) ~ age + sex, lung),
  cox_lung_age_sex_breslow = regression(Surv(time, died) ~ age + sex, lung, "breslow"),
  cox_strata = regression(Surv(time, died) ~ age + ecog + strata(sex), lung),
  cox_changing = regression(Surv(start, stop, event) ~ age + moved, spells, "breslow"),
  cox_visits = regression(Surv(start, stop, event) ~ bili + albumin + protime, pbcseq),
  fine_gray = subdistribution(),
  lexis = as.list(cells),
  adjusted_lung = adjusted_lung(c(100, 183, 365, 700)),
  adjusted_cohort = adjusted_cohort(c(8, 50, 100), 25),
  exact_coarse = exactly(Surv(time, died) ~ age + sex, coarse),
  exact_strata = exactly(Surv(time, died) ~ age + ecog + strata(sex), coarse),
  clocks_lung = changing(coxph(Surv(time, died) ~ age + sex, lung, control = tight)),
  clocks_strata = changing(coxph(Surv(time, died) ~ age + ecog + strata(sex), lung, control = tight)),
  clocks_weighted = changing(coxph(Surv(time, died) ~ age + sex, lung, ties = "breslow",
                                   weights = weights, control = tight)),
  clocks_spells = changing(coxph(Surv(start, stop, event) ~ age + moved, spells,
                                 ties = "breslow", control = tight)),
  powers = list(peto = powered(1), half = powered(0.5), strata = powered(1, TRUE))
)
write_json(results, "results.json", digits = I(17), auto_unbox = TRUE, na = "string")
