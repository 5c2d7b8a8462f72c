"""Parameters of generated logs: `data.generate`."""

from __future__ import annotations

from blockrec.language.schema.parts import Schema, closed, number, whole

PLANTED: Schema = closed(
    "A log with a known truth. A behaviour of category b at place p from the end matters to a target of category c by "
    "exp(temp · ⟨A_c, A_b⟩ − lam · log p); what it then says about the click is ⟨R_b, R_c⟩.",
    {
        "users": whole("Number of users.", default=20_000),
        "items": whole("Number of items.", minimum=2, default=4000),
        "categories": whole("Number of categories.", minimum=2, default=100),
        "groups": whole("Categories of one group are relevant to each other.", default=10),
        "history": whole("Behaviours that decide a click: the newest so many.", default=50),
        "impressions": whole("Impressions a user.", default=8),
        "width": whole("Width of the vectors A and R.", default=8),
        "interests": whole("Categories that a user is interested in at a time.", default=4),
        "stay": number("Probability that an interest stays as it is over one behaviour.", 0.85, maximum=1),
        "temp": number("Sharpness of the relevance.", 6.0),
        "lam": number("Decay of the relevance with the place from the end.", 0.5),
        "conflict": number("1: R is independent of A; 0: R equals A.", 1.0, maximum=1),
        "scale": number("Steepness of the click probability.", 4.0),
        "item_noise": number("Size of an item's own part beside its category's.", 0.5),
        "seed": whole("Seed of everything drawn.", minimum=0, default=0),
    },
)

SIZED: Schema = closed(
    "A log of the size that DARE was published with: users come back to categories of their interests, which change.",
    {
        "users": whole("Number of users.", default=86_232),
        "items": whole("Number of items; each is clicked.", default=4_068_791),
        "categories": whole("Number of categories.", default=9_408),
        "least": whole("The fewest clicks of a user.", default=210),
        "mean": whole("The mean number of clicks of a user.", default=310),
        "seed": whole("Seed of everything drawn.", minimum=0, default=0),
    },
)
