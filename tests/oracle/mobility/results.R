# A logit with an effect of each person, by R's package lme4 with fifty points of quadrature, written
# to results.json beside this file; the panel is made up here, and written to panel.csv:
#
#     Rscript results.R

library(lme4)
library(jsonlite)
set.seed(20210102)
persons <- 120
panel <- data.frame(person = rep(seq_len(persons), times = 2 + seq_len(persons) %% 6))
panel$age <- round(rnorm(nrow(panel)), 2)
panel$abroad <- rbinom(persons, 1, 0.4)[panel$person]
effect <- rnorm(persons, 0, 1.2)[panel$person]
panel$left <- rbinom(nrow(panel), 1, plogis(-1 - 0.5 * panel$age + 0.9 * panel$abroad + effect))
write.csv(panel, "panel.csv", row.names = FALSE, quote = FALSE)

fit <- glmer(left ~ age + abroad + (1 | person), panel, binomial, nAGQ = 50,
             control = glmerControl("bobyqa", optCtrl = list(rhoend = 1e-10), tolPwrss = 1e-12))
results <- list(
  versions = list(R = R.version.string, lme4 = as.character(packageVersion("lme4"))),
  coef = unname(fixef(fit)), se = unname(sqrt(diag(as.matrix(vcov(fit, use.hessian = TRUE))))),
  variance = as.vector(VarCorr(fit)$person)
)
write_json(results, "results.json", digits = I(17), auto_unbox = TRUE)
