# The cell-key method's table of changes, by the R package ptable: perturbation.csv is its rows, with
# the count i, the change v and the bounds p_int_lb and p_int_ub of the keys.
#
# What it promises of each count from 1 on: no change in the mean, a variance of 1.08, changes of 2 at
# most, and no count of 1 among what comes out.

ptable::create_cnt_ptable(D = 2, V = 1.08, js = 1)
